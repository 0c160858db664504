import type { Socket } from "node:net";
import { engineErrors } from "../errors.ts";
import type { ClientConnection, Exchange } from "./client-connection.ts";
import type { AnswerSink, EngineConnection } from "./engine-connection.ts";
import type { EnginePool } from "./engine-pool.ts";
import type { Header, RouteMatch, Target } from "./exchange.ts";
import { renderRequest } from "./heads.ts";
import type { RequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";

/** A request as its connection has read it. */
export interface IncomingRequest {
  readonly head: RequestHead;
  readonly target: Target;
  readonly route: RouteMatch | undefined;
  /** The route may turn the connection into a raw stream. */
  readonly mayHijack: boolean;
  /** The head, and as much of the body as came with it; the body starts at `headEnd`. */
  readonly bytes: Buffer;
  readonly headEnd: number;
  /** The whole body is in `bytes`. */
  readonly ended: boolean;
}

/** Tells a handler what becomes of a raw stream that it let pass. */
export interface PassWatch {
  readonly onHead: (head: ResponseHead) => void;
  readonly onFailed: (error: Error) => void;
  readonly onOver: () => void;
}

const mostEarly = 65_536;

/**
 * Passes a request on and its answer back, byte for byte where both heads allow it. A hijacked connection becomes a tunnel once the engine has said so;
 * what the client sends before that is held back, so the engine never takes it for another request.
 */
export class PassExchange implements Exchange, AnswerSink {
  readonly surplus?: (bytes: Buffer) => void;
  readonly #client: ClientConnection;
  readonly #pool: EnginePool;
  readonly #request: IncomingRequest;
  readonly #watch: PassWatch | undefined;
  readonly #early: Buffer[] = [];
  #earlySize = 0;
  #engine: EngineConnection | undefined;
  #method: string;
  /** Kept where the request may be sent twice. */
  #again: Buffer | undefined;
  #requestEnded = false;
  #answerEnded = false;
  #keepOpen = false;

  constructor(client: ClientConnection, pool: EnginePool, request: IncomingRequest, watch?: PassWatch) {
    this.#client = client;
    this.#pool = pool;
    this.#request = request;
    this.#watch = watch;
    this.#method = request.head.method;
    if (request.mayHijack) this.surplus = (bytes) => this.#holdBack(bytes);
  }

  start(): void {
    const { head, target, bytes, headEnd, ended, mayHijack } = this.#request;
    if (target.text === head.target && (mayHijack || head.hopByHop === undefined)) return void this.send(bytes, ended, head.method);
    const rewritten = renderRequest(head.method, target.text, mayHijack ? head.headers : endToEndHeaders(head), head.minor);
    this.send(Buffer.concat([Buffer.from(rewritten, "latin1"), bytes.subarray(headEnd)]), ended, head.method);
  }

  /** Sends these bytes for the request, head and all; the rest of the body follows as it comes unless `ended`. */
  send(bytes: Buffer, ended: boolean, method: string): void {
    const { head, mayHijack } = this.#request;
    this.#requestEnded = ended;
    this.#method = method;
    const hasBody = head.framing.kind !== "length" || head.framing.length > 0;
    const mayRepeat = !hasBody && !head.close && !mayHijack && (method === "GET" || method === "HEAD");
    if (mayRepeat) this.#again = bytes;
    this.#engine = this.#pool.take(mayRepeat);
    this.#engine.begin({ method, mayHijack }, this);
    if (!this.#engine.write(bytes) && !ended) this.#client.socket.pause();
  }

  body(bytes: Buffer, ended: boolean): void {
    this.#requestEnded = ended;
    if (this.#engine?.write(bytes) === false && !ended) this.#client.socket.pause();
    if (ended && this.#answerEnded) this.#finish();
  }

  clientEnded(): void {
    // What ends a raw stream is passed on when it is one; before that it would end the request.
    if (this.surplus === undefined || !this.#requestEnded) this.#engine?.halfClose();
  }

  clientGone(): void {
    this.#engine?.destroy();
    this.#watch?.onOver();
  }

  clientDrained(): void {
    this.#engine?.resume();
  }

  onInterim(bytes: Buffer): void {
    if (this.#request.head.minor === 1) this.#client.writeInterim(bytes);
  }

  onHead(head: ResponseHead, bytes: Buffer, start: number): void {
    this.#watch?.onHead(head);
    const mustClose = this.surplus !== undefined;
    this.#keepOpen = !head.close && !this.#request.head.close && !mustClose;
    // What a client sends into a stream that is none must not be read as a request.
    this.onBody(mustClose && !head.close ? withClose(bytes, start) : bytes);
  }

  onBody(bytes: Buffer): void {
    if (bytes.length > 0 && !this.#client.write(bytes)) this.#engine?.pause();
  }

  onEnded(): void {
    this.#answerEnded = true;
    if (this.#requestEnded || !this.#keepOpen) this.#finish();
  }

  onHijacked(_head: ResponseHead, bytes: Buffer, socket: Socket): void {
    this.#watch?.onHead(_head);
    this.#engine = undefined;
    this.#client.write(bytes);
    this.#client.tunnelTo(socket, this.#early, () => this.#watch?.onOver());
  }

  onStale(): void {
    const bytes = this.#again;
    // Nobody would be left to end what the new connection begins.
    if (bytes === undefined || this.#client.hasEnded) return void this.onFailed(unanswered(this.#pool.upstream.text));
    this.#engine = this.#pool.take(false);
    this.#engine.begin({ method: this.#method, mayHijack: false }, this);
    this.#engine.write(bytes);
  }

  onFailed(error: Error): void {
    this.#engine = undefined;
    this.#watch?.onFailed(error);
    this.#client.fail(error);
    this.#watch?.onOver();
  }

  onDrained(): void {
    this.#client.socket.resume();
  }

  #finish(): void {
    const engine = this.#engine;
    this.#engine = undefined;
    if (engine !== undefined) this.#pool.giveBack(engine, this.#again === undefined);
    this.#client.finish(this.#keepOpen);
    this.#watch?.onOver();
  }

  #holdBack(bytes: Buffer): void {
    this.#early.push(bytes);
    this.#earlySize += bytes.length;
    if (this.#earlySize > mostEarly) this.#client.socket.pause();
  }
}

/** The headers that are the engine's affair, not this connection's. */
export function endToEndHeaders({ headers, hopByHop, close }: RequestHead): readonly Header[] {
  if (hopByHop === undefined) return headers;
  const kept = headers.filter(([name]) => !hopByHop.has(name.toLowerCase()));
  return close ? [...kept, ["Connection", "close"]] : kept;
}

function unanswered(upstream: string): Error {
  return engineErrors["upstream-unreachable"]({ upstream, reason: "it closed the connection without an answer" });
}

function withClose(bytes: Buffer, bodyStart: number): Buffer {
  const end = bodyStart - 2;
  return Buffer.concat([bytes.subarray(0, end), Buffer.from("Connection: close\r\n\r\n", "latin1"), bytes.subarray(bodyStart)]);
}
