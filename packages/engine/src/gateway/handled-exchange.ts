import { isOutriggerError } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import { sendAnswer } from "./answer-writer.ts";
import type { ClientConnection, ConnectionContext, Exchange } from "./client-connection.ts";
import type { GatewayRequest, GatewayResponse, Handler, RequestChange } from "./exchange.ts";
import { ForwardedRequest } from "./forwarded-request.ts";
import { errorAnswer } from "./heads.ts";
import { outgoingRequest } from "./outgoing-request.ts";
import { endToEndHeaders, type IncomingRequest, PassExchange } from "./pass-exchange.ts";
import { RequestBody } from "./request-body.ts";

/** A request that somebody handles. Whatever the handler does, the client gets an answer or a broken connection, and nobody else is touched. */
export class HandledExchange implements Exchange {
  readonly surplus?: (bytes: Buffer) => void;
  readonly #client: ClientConnection;
  readonly #context: ConnectionContext;
  readonly #incoming: IncomingRequest;
  readonly #intercepted: { readonly handler: Handler; readonly release?: () => void };
  readonly #id: string;
  readonly #gone = new AbortController();
  readonly #body: RequestBody;
  readonly #early: Buffer[] = [];
  #continued = false;
  #forwarded: ForwardedRequest | undefined;
  #passed = false;
  #wake: (() => void) | undefined;
  #onGone: (() => void) | undefined;

  constructor(
    client: ClientConnection,
    context: ConnectionContext,
    incoming: IncomingRequest,
    intercepted: { readonly handler: Handler; readonly release?: () => void },
  ) {
    this.#client = client;
    this.#context = context;
    this.#incoming = incoming;
    this.#intercepted = intercepted;
    this.#id = context.nextId();
    const { head, bytes, headEnd, ended } = incoming;
    const { socket } = client;
    const source = { framing: head.framing, pause: () => socket.pause(), resume: () => socket.resume(), wanted: () => this.#continue() };
    this.#body = new RequestBody(source, bytes.subarray(headEnd), ended);
    if (incoming.mayHijack) {
      this.surplus = (surplus) => {
        this.#early.push(surplus);
        socket.pause();
      };
    }
  }

  start(): void {
    void this.#run();
  }

  body(bytes: Buffer, ended: boolean): void {
    this.#body.push(bytes, ended);
  }

  clientEnded(): void {
    this.#leave();
    this.#forwarded?.halfClose();
  }

  clientGone(): void {
    this.#leave();
    this.#forwarded?.destroy(goneError());
    this.#wake?.();
    this.#onGone?.();
  }

  clientDrained(): void {
    this.#wake?.();
  }

  #leave(): void {
    this.#gone.abort();
    if (!this.#body.ended) this.#body.break(goneError());
  }

  async #run(): Promise<void> {
    const { head, target, route, mayHijack } = this.#incoming;
    const request: GatewayRequest = {
      id: this.#id,
      method: head.method,
      target,
      route,
      headers: mayHijack ? head.headers : endToEndHeaders(head),
      client: this.#client.client,
      body: (limit) => this.#body.read(limit),
      signal: this.#gone.signal,
    };
    try {
      refuseForms(this.#incoming);
      const answer = await this.#intercepted.handler(request, (change) => this.#forward(change));
      if (!this.#passed) await this.#answer(answer);
    } catch (error) {
      if (!isOutriggerError(error)) this.#context.onHandlerError(error, this.#id);
      if (!this.#passed) await this.#fail(error);
    } finally {
      if (!this.#passed) this.#over();
    }
  }

  async #forward(change: RequestChange = {}): Promise<GatewayResponse> {
    if (this.#forwarded !== undefined || this.#passed)
      throw engineErrors["gateway-failed"]({ reason: "a handler forwarded a request twice" });
    const outgoing = outgoingRequest(this.#incoming, change, this.#body.content, this.#continued);
    if (change.body !== undefined && !this.#body.ended)
      throw engineErrors["gateway-failed"]({ reason: "a handler changed a body that it has not read" });
    if (this.#incoming.mayHijack) return this.#pass(outgoing.head, outgoing.body, outgoing.method);
    const { socket } = this.#client;
    const streams = outgoing.body === undefined;
    const forwarded = new ForwardedRequest(this.#context.pool, {
      method: outgoing.method,
      hadBody: outgoing.hasBody,
      resumeClient: () => socket.resume(),
      pauseClient: () => socket.pause(),
      onInterim: () => this.#continue(),
    });
    this.#forwarded = forwarded;
    const head = Buffer.from(outgoing.head, "latin1");
    if (!streams) forwarded.write(Buffer.concat([head, outgoing.body]), true);
    else {
      forwarded.write(head, this.#body.ended && !outgoing.hasBody);
      if (outgoing.hasBody) this.#body.stream((bytes, ended) => forwarded.write(bytes, ended));
    }
    // Its leaving was told before there was anybody to tell.
    if (this.#gone.signal.aborted) forwarded.halfClose();
    return forwarded.answer;
  }

  /** A raw stream, or what could become one, goes by as without a handler. */
  #pass(head: string, body: Buffer | undefined, method: string): Promise<GatewayResponse> {
    this.#passed = true;
    const { promise, resolve, reject } = Promise.withResolvers<GatewayResponse>();
    promise.catch(() => {});
    const pass = new PassExchange(this.#client, this.#context.pool, this.#incoming, {
      onHead: ({ status, reason, headers }) => resolve({ status, reason, headers, body: Buffer.alloc(0) }),
      onFailed: reject,
      onOver: () => {
        reject(goneError());
        this.#gone.abort();
        this.#over();
      },
    });
    this.#client.handOver(pass);
    const start = Buffer.from(head, "latin1");
    if (body !== undefined) pass.send(Buffer.concat([start, body]), true, method);
    else {
      const { framing } = this.#incoming.head;
      const isEmpty = framing.kind === "length" && framing.length === 0;
      pass.send(start, isEmpty, method);
      if (!isEmpty) this.#body.stream((bytes, last) => pass.body(bytes, last));
    }
    for (const bytes of this.#early) pass.surplus?.(bytes);
    this.#client.socket.resume();
    return promise;
  }

  async #answer(answer: GatewayResponse): Promise<void> {
    const { head } = this.#incoming;
    const keepOpen = await sendAnswer(answer, {
      head,
      mustClose: this.surplus !== undefined || (!this.#body.ended && this.#forwarded === undefined),
      write: (bytes) => this.#client.write(bytes),
      drained: () => this.#drained(),
      isGone: () => this.#client.isOver,
      orGone: (promise) => this.#orGone(promise),
    });
    this.#client.finish(keepOpen && this.#body.ended);
  }

  /** An answer that has begun can only be broken off. */
  async #fail(error: unknown): Promise<void> {
    if (this.#client.isAnswering) this.#client.fail(error);
    else await this.#answer(errorAnswer(error));
  }

  // A race of promises would remember every piece of an endless stream.
  #orGone<Value>(promise: Promise<Value>): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.#onGone = () => resolve(undefined);
      promise.then(resolve, reject);
    });
  }

  #over(): void {
    this.#forwarded?.destroy(goneError());
    try {
      this.#intercepted.release?.();
    } catch (error) {
      this.#context.onHandlerError(error, this.#id);
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#client.socket.destroyed || !this.#client.socket.writableNeedDrain) resolve();
    });
  }

  #continue(): void {
    if (!this.#incoming.head.expectsContinue || this.#continued) return;
    this.#continued = true;
    this.#client.writeInterim("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

/**
 * Go's ParseForm, and so the engine, takes parameters from form bodies before those of the query: handlers would look at the wrong ones.
 * No client of the engine sends forms; an empty one (as curl's `-d ''`) says nothing.
 */
function refuseForms({ head }: IncomingRequest): void {
  const types = head.headers.filter(([name]) => name.toLowerCase() === "content-type");
  if (types.length > 1) throw engineErrors["request-malformed"]({ reason: "it has several Content-Type headers" });
  const isEmpty = head.framing.kind === "length" && head.framing.length === 0;
  if (!isEmpty && /^\s*(application\/x-www-form-urlencoded|multipart\/form-data)/i.test(types[0]?.[1] ?? "")) {
    throw engineErrors["request-malformed"]({ reason: "its body is a form" });
  }
}

function goneError(): Error {
  return engineErrors["request-malformed"]({ reason: "its client left before it was complete" });
}
