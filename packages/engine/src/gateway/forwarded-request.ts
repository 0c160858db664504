import { AnswerBody } from "./answer-body.ts";
import type { AnswerSink, EngineConnection } from "./engine-connection.ts";
import type { EnginePool } from "./engine-pool.ts";
import type { GatewayResponse } from "./exchange.ts";
import type { ResponseHead } from "./response-head.ts";

export interface ForwardedParts {
  readonly method: string;
  readonly hadBody: boolean;
  /** The client's side, where the body is passed on as it comes. */
  readonly resumeClient: () => void;
  readonly pauseClient: () => void;
  /** `100 Continue` for a client that waits for it. */
  readonly onInterim: (bytes: Buffer) => void;
}

/** A request that a handler sends on; its answer comes as an object whose body is a stream. */
export class ForwardedRequest implements AnswerSink {
  readonly answer: Promise<GatewayResponse>;
  readonly #pool: EnginePool;
  readonly #parts: ForwardedParts;
  readonly #settle: { readonly resolve: (answer: GatewayResponse) => void; readonly reject: (error: Error) => void };
  #engine: EngineConnection;
  #body: AnswerBody | undefined;
  #sent: Buffer | undefined;
  #requestEnded = false;
  #over = false;

  constructor(pool: EnginePool, parts: ForwardedParts) {
    this.#pool = pool;
    this.#parts = parts;
    const { promise, ...settle } = Promise.withResolvers<GatewayResponse>();
    this.answer = promise;
    // A handler may leave it before it fails.
    promise.catch(() => {});
    this.#settle = settle;
    this.#engine = pool.take(this.#mayRepeat);
    this.#engine.begin({ method: parts.method, mayHijack: false }, this);
  }

  write(bytes: Buffer, ended: boolean): void {
    if (this.#mayRepeat) this.#sent = bytes;
    this.#requestEnded = ended;
    if (!this.#over && bytes.length > 0 && !this.#engine.write(bytes) && !ended) this.#parts.pauseClient();
  }

  /** The client says nothing more. */
  halfClose(): void {
    if (!this.#over) this.#engine.halfClose();
  }

  /** Ends the engine's side, unless its answer is complete. */
  destroy(error: Error): void {
    if (this.#over) return;
    this.#engine.destroy();
    this.onFailed(error);
  }

  onInterim(bytes: Buffer): void {
    this.#parts.onInterim(bytes);
  }

  onHead(head: ResponseHead, bytes: Buffer, start: number): void {
    const engine = this.#engine;
    this.#body = new AnswerBody(head.framing, {
      pause: () => engine.pause(),
      resume: () => engine.resume(),
      leave: () => engine.destroy(),
    });
    this.#body.push(bytes.subarray(start));
    this.#settle.resolve({ status: head.status, reason: head.reason, headers: head.headers, body: this.#body });
  }

  onBody(bytes: Buffer): void {
    this.#body?.push(bytes);
  }

  onEnded(): void {
    this.#over = true;
    this.#body?.end();
    this.#pool.giveBack(this.#engine, this.#parts.hadBody || !this.#requestEnded);
  }

  onHijacked(): void {
    // Begun without mayHijack.
  }

  onStale(): void {
    this.#engine = this.#pool.take(false);
    this.#engine.begin({ method: this.#parts.method, mayHijack: false }, this);
    if (this.#sent !== undefined) this.#engine.write(this.#sent);
  }

  onFailed(error: Error): void {
    this.#over = true;
    this.#settle.reject(error);
    this.#body?.end(error);
  }

  onDrained(): void {
    this.#parts.resumeClient();
  }

  get #mayRepeat(): boolean {
    return !this.#parts.hadBody && (this.#parts.method === "GET" || this.#parts.method === "HEAD");
  }
}
