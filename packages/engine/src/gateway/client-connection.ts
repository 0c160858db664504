import type { Socket } from "node:net";
import { isOutriggerError } from "@outrigger/plugin";
import type { Client } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import { BodyScanner } from "./body-scanner.ts";
import type { EnginePool } from "./engine-pool.ts";
import { connectEngine } from "./engine-socket.ts";
import type { Intercept } from "./exchange.ts";
import { HandledExchange } from "./handled-exchange.ts";
import { HeadReader } from "./head-reader.ts";
import { errorAnswer, renderResponse } from "./heads.ts";
import { matchRoute } from "./match-route.ts";
import { type IncomingRequest, PassExchange } from "./pass-exchange.ts";
import { parseRequestHead } from "./request-head.ts";
import { hijackRoutes } from "./routes.ts";
import { parseTarget } from "./target.ts";
import { closeLater, tunnel } from "./tunnel.ts";

/** What all connections share. */
export interface ConnectionContext {
  readonly pool: EnginePool;
  readonly intercept: Intercept;
  readonly nextId: () => string;
  readonly headTimeout: number;
  readonly http2PriorKnowledge: () => "tunnel" | "refuse";
  readonly isDraining: () => boolean;
  /** A handler failed with something that is not for the client's eyes. */
  readonly onHandlerError: (error: unknown, requestId: string) => void;
}

/** One request and its answer, as its connection tells it what the client does. */
export interface Exchange {
  /** Bytes of the request's body as they come, with their framing. */
  readonly body: (bytes: Buffer, ended: boolean) => void;
  /** Bytes after the request; absent where they are the next request. */
  readonly surplus?: (bytes: Buffer) => void;
  /** The client says nothing more; it may still listen. */
  readonly clientEnded: () => void;
  readonly clientGone: () => void;
  readonly clientDrained: () => void;
}

const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\n", "latin1");
const mostPending = 65_536;

/** One connection of a client: reads its requests one after the other and gives each to an exchange. */
export class ClientConnection {
  readonly socket: Socket;
  readonly client: (withProcess: boolean) => Promise<Client>;
  readonly #context: ConnectionContext;
  readonly #reader = new HeadReader();
  #exchange: Exchange | undefined;
  #requestBody: BodyScanner | undefined;
  #pending: Buffer | undefined;
  #answerBegun = false;
  #ended = false;
  #isFirst = true;
  #closing = false;
  #headTimer: NodeJS.Timeout | undefined;
  readonly #onData = (bytes: Buffer): void => this.#received(bytes);
  readonly #onEnd = (): void => this.#clientEnded();
  readonly #onDrain = (): void => this.#exchange?.clientDrained();

  constructor(socket: Socket, client: (withProcess: boolean) => Promise<Client>, context: ConnectionContext) {
    this.socket = socket;
    this.client = client;
    this.#context = context;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("drain", this.#onDrain);
    socket.on("error", () => {});
    socket.once("close", () => {
      clearTimeout(this.#headTimer);
      this.#exchange?.clientGone();
    });
  }

  get isIdle(): boolean {
    return this.#exchange === undefined;
  }

  /** The client says nothing more. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Nothing can be answered any more. */
  get isOver(): boolean {
    return this.#closing || this.socket.destroyed;
  }

  /** Something of a final answer was written. */
  get isAnswering(): boolean {
    return this.#answerBegun;
  }

  /** False when it is better to wait for `clientDrained`. Once something was written, failures break the connection. */
  write(bytes: Buffer | string): boolean {
    this.#answerBegun = true;
    return typeof bytes === "string" ? this.socket.write(bytes, "latin1") : this.socket.write(bytes);
  }

  /** An interim answer, which leaves room for every final one. */
  writeInterim(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** The exchange is over, and its request was read to its end. */
  finish(keepOpen: boolean): void {
    if (this.#closing) return;
    this.#exchange = undefined;
    this.#requestBody = undefined;
    this.#answerBegun = false;
    const pending = this.#pending;
    this.#pending = undefined;
    if (!keepOpen || this.#context.isDraining() || (this.#ended && pending === undefined)) return void this.#close();
    this.socket.resume();
    if (pending !== undefined) this.#readHead(pending);
  }

  /** Ends the exchange with an error's answer, or breaks the connection where another answer has begun. */
  fail(error: unknown): void {
    this.#exchange = undefined;
    if (this.#closing) return;
    if (this.#answerBegun) return void this.socket.destroy();
    const { status, headers, body } = errorAnswer(error);
    const whole = [...headers, ["Content-Length", String(body.length)], ["Connection", "close"]] as const;
    this.write(renderResponse(status, undefined, whole));
    this.write(body);
    this.#close();
  }

  /** Another exchange goes on with the same request. */
  handOver(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  /** Gives the socket to a raw stream; the connection itself does nothing more but remember the exchange until the socket closes. */
  tunnelTo(engine: Socket, early: readonly Buffer[], onClose: () => void = () => {}): void {
    this.#exchange = { body: () => {}, clientEnded: () => {}, clientGone: () => {}, clientDrained: () => {} };
    this.socket.off("data", this.#onData).off("end", this.#onEnd).off("drain", this.#onDrain);
    for (const bytes of early) engine.write(bytes);
    tunnel(this.socket, engine, onClose);
    if (this.#ended) engine.end();
    this.socket.resume();
  }

  #received(bytes: Buffer): void {
    if (this.#closing) return;
    if (this.#exchange === undefined) return void this.#readHead(bytes);
    const body = this.#requestBody;
    if (body === undefined || body.done) return void this.#keepSurplus(bytes);
    try {
      const end = body.scan(bytes, 0);
      this.#exchange.body(end === bytes.length ? bytes : bytes.subarray(0, end), body.done);
      if (end < bytes.length) this.#keepSurplus(bytes.subarray(end));
    } catch (error) {
      const exchange = this.#exchange;
      this.fail(error);
      exchange.clientGone();
    }
  }

  /** Pipelined requests wait for their turn. */
  #keepSurplus(bytes: Buffer): void {
    if (this.#exchange === undefined) return void this.#readHead(bytes);
    if (this.#exchange.surplus !== undefined) return void this.#exchange.surplus(bytes);
    this.#pending = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
    if (this.#pending.length > mostPending) this.socket.pause();
  }

  #readHead(bytes: Buffer): void {
    if (this.#isFirst && !this.#reader.isPartial && bytes[0] === http2Preface[0] && this.#isHttp2(bytes)) return;
    try {
      const whole = this.#reader.push(bytes);
      if (whole === undefined) return void (this.#ended ? this.#close() : this.#waitForHead());
      clearTimeout(this.#headTimer);
      this.#headTimer = undefined;
      this.#isFirst = false;
      this.#begin(whole.bytes, whole.end);
    } catch (error) {
      if (!isOutriggerError(error)) this.#context.onHandlerError(error, "");
      this.fail(error);
    }
  }

  #begin(bytes: Buffer, headEnd: number): void {
    const { intercept, pool } = this.#context;
    const head = parseRequestHead(bytes.toString("latin1", 0, headEnd));
    const target = parseTarget(head.target);
    const route = matchRoute(head.method, target.path);
    const body = new BodyScanner(head.framing);
    const end = body.scan(bytes, headEnd);
    const mayHijack = route !== undefined && hijackRoutes.has(route.name);
    const request: IncomingRequest = {
      head,
      target,
      route,
      mayHijack,
      bytes: end === bytes.length ? bytes : bytes.subarray(0, end),
      headEnd,
      ended: body.done,
    };
    const intercepted = intercept(head.method, target, route);
    this.#requestBody = body;
    const exchange =
      intercepted === undefined ? new PassExchange(this, pool, request) : new HandledExchange(this, this.#context, request, intercepted);
    this.#exchange = exchange;
    exchange.start();
    if (this.#ended) exchange.clientEnded();
    if (end < bytes.length) this.#keepSurplus(bytes.subarray(end));
  }

  #isHttp2(bytes: Buffer): boolean {
    // Nobody sends a preface in pieces smaller than this; such a one is refused by the usual way as no HTTP/1.1.
    if (bytes.length < http2Preface.length || !bytes.subarray(0, http2Preface.length).equals(http2Preface)) return false;
    if (this.#context.http2PriorKnowledge() === "refuse") {
      this.fail(engineErrors["request-malformed"]({ reason: "it is HTTP/2 without asking first" }));
      return true;
    }
    this.tunnelTo(connectEngine(this.#context.pool.upstream), [bytes]);
    return true;
  }

  #waitForHead(): void {
    const { headTimeout } = this.#context;
    this.#headTimer ??= setTimeout(() => this.fail(engineErrors["head-timeout"]({ seconds: headTimeout / 1000 })), headTimeout);
  }

  #clientEnded(): void {
    this.#ended = true;
    if (this.#exchange === undefined) this.#close();
    else this.#exchange.clientEnded();
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#headTimer);
    if (this.#ended) this.socket.end();
    else closeLater(this.socket);
  }
}
