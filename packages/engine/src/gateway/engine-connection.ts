import type { Socket } from "node:net";
import { isOutriggerError } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import { BodyScanner } from "./body-scanner.ts";
import { connectEngine } from "./engine-socket.ts";
import { HeadReader } from "./head-reader.ts";
import { parseResponseHead, type ResponseHead } from "./response-head.ts";
import type { Upstream } from "./upstream.ts";

/** Whoever waits for an answer of the engine. After `onEnded`, `onStale`, `onFailed` or `onHijacked` nothing more comes. */
export interface AnswerSink {
  /** The bytes of a `100 Continue` or the like. */
  readonly onInterim: (bytes: Buffer) => void;
  /** The head, and all bytes of it and of as much of the body as came with it; the body starts at `start`. */
  readonly onHead: (head: ResponseHead, bytes: Buffer, start: number) => void;
  /** Bytes of the body as they come, with their framing. */
  readonly onBody: (bytes: Buffer) => void;
  readonly onEnded: () => void;
  /** The connection has become a raw stream; `bytes` are the head and what came with it. The socket is no longer listened to. */
  readonly onHijacked: (head: ResponseHead, bytes: Buffer, socket: Socket) => void;
  /** A kept connection was closed before anything of an answer came: the request may be sent again. */
  readonly onStale: () => void;
  readonly onFailed: (error: Error) => void;
  /** More can be written. */
  readonly onDrained: () => void;
}

/** What of a request decides how its answer reads. */
export interface Asking {
  readonly method: string;
  /** The route may turn the connection into a raw stream. */
  readonly mayHijack: boolean;
}

/** One connection to the engine, with one request at a time. */
export class EngineConnection {
  /** It has answered before. */
  isKept = false;
  /** The last answer left it in order for another request. */
  isClean = false;
  readonly #socket: Socket;
  readonly #upstream: Upstream;
  readonly #onClose: (connection: EngineConnection) => void;
  readonly #reader = new HeadReader();
  #sink: AnswerSink | undefined;
  #asking: Asking = { method: "", mayHijack: false };
  #head: ResponseHead | undefined;
  #scanner: BodyScanner | undefined;

  constructor(upstream: Upstream, onClose: (connection: EngineConnection) => void) {
    this.#upstream = upstream;
    this.#onClose = onClose;
    this.#socket = connectEngine(upstream);
    this.#socket.on("data", (bytes: Buffer) => this.#received(bytes));
    this.#socket.on("end", () => this.#over("it closed the connection before its answer was complete"));
    this.#socket.on("error", (error) => this.#over(reasonOf(error), true));
    this.#socket.on("close", () => {
      this.#over("the connection broke", true);
      this.#onClose(this);
    });
    this.#socket.on("drain", () => this.#sink?.onDrained());
  }

  /** Waits for the answer to what is written next. */
  begin(asking: Asking, sink: AnswerSink): void {
    this.#asking = asking;
    this.#sink = sink;
    this.#head = undefined;
    this.#scanner = undefined;
    this.isClean = false;
  }

  /** False when it is better to wait for `onDrained`. */
  write(bytes: Buffer | string): boolean {
    return typeof bytes === "string" ? this.#socket.write(bytes, "latin1") : this.#socket.write(bytes);
  }

  /** The client says nothing more. */
  halfClose(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Without a word to the sink. */
  destroy(): void {
    this.#sink = undefined;
    this.#socket.destroy();
  }

  #received(bytes: Buffer): void {
    if (this.#sink === undefined) return void this.destroy();
    try {
      if (this.#head === undefined) this.#readHead(this.#sink, bytes);
      else this.#readBody(this.#sink, bytes);
    } catch (error) {
      const isOurs = isOutriggerError(error) && error.code === "upstream-unreachable";
      this.#fail(isOurs ? error : this.#unreachable("its answer is not HTTP/1.1"));
    }
  }

  #readHead(sink: AnswerSink, first: Buffer): void {
    const { method, mayHijack } = this.#asking;
    for (let piece = first; piece.length > 0; ) {
      const whole = this.#reader.push(piece);
      if (whole === undefined) return;
      const { bytes, end } = whole;
      const head = parseResponseHead(bytes.toString("latin1", 0, end), method, this.#upstream.text);
      if (head.status < 200 && head.status !== 101) {
        sink.onInterim(bytes.subarray(0, end));
        piece = bytes.subarray(end);
        continue;
      }
      this.#head = head;
      if (mayHijack && (head.status === 101 || (head.status === 200 && head.framing.kind === "close"))) {
        return void sink.onHijacked(head, bytes, this.#detach());
      }
      if (head.status === 101) throw this.#unreachable("it changes the protocol, which nobody asked for");
      this.#scanner = new BodyScanner(head.framing);
      const bodyEnd = this.#scanner.scan(bytes, end);
      sink.onHead(head, bodyEnd === bytes.length ? bytes : bytes.subarray(0, bodyEnd), end);
      return void this.#endIfDone(bytes.length - bodyEnd);
    }
  }

  #readBody(sink: AnswerSink, bytes: Buffer): void {
    const end = this.#scanner?.scan(bytes, 0) ?? 0;
    sink.onBody(end === bytes.length ? bytes : bytes.subarray(0, end));
    this.#endIfDone(bytes.length - end);
  }

  #endIfDone(surplus: number): void {
    const sink = this.#sink;
    if (this.#scanner?.done !== true || sink === undefined) return;
    this.isClean = surplus === 0 && this.#head?.close === false && !this.#socket.writableEnded;
    this.isKept = true;
    this.#sink = undefined;
    sink.onEnded();
  }

  #detach(): Socket {
    this.#sink = undefined;
    for (const event of ["data", "end", "error", "close", "drain"]) this.#socket.removeAllListeners(event);
    this.#onClose(this);
    return this.#socket;
  }

  /** The engine's side has ended. */
  #over(reason: string, broke = false): void {
    this.isClean = false;
    const sink = this.#sink;
    if (sink === undefined) return void this.#socket.destroy();
    if (this.#head === undefined && this.isKept && !this.#reader.isPartial) {
      this.destroy();
      return void sink.onStale();
    }
    if (this.#head?.framing.kind === "close" && !broke) {
      this.destroy();
      return void sink.onEnded();
    }
    this.#fail(this.#unreachable(reason));
  }

  #fail(error: Error): void {
    const sink = this.#sink;
    this.destroy();
    sink?.onFailed(error);
  }

  #unreachable(reason: string): Error {
    return engineErrors["upstream-unreachable"]({ upstream: this.#upstream.text, reason });
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "the socket does not exist",
    ECONNREFUSED: "nothing listens there",
    EACCES: "this user may not use the socket",
    ECONNRESET: "the connection broke",
    EPIPE: "the connection broke",
  };
  return reasons[error.code ?? ""] ?? error.message;
}
