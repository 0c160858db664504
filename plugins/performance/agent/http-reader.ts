import type { Budget } from "./budget.ts";
import { type Framing, type Head, parseHead } from "./http-message.ts";
import type { StreamSink } from "./stream.ts";

export interface HttpReaderOptions {
  /** How a message begins, tested on its first line so far, which may end anywhere. */
  readonly mayStart: (text: string) => boolean;
  /** A head has come, the first byte of it at `time`. Tells how the body ends. */
  readonly onHead: (head: Head, time: number) => Framing;
  /** A message has ended. */
  readonly onEnd: (time: number) => void;
  /** The stream is in step again after bytes were lost. */
  readonly onFound: () => void;
  /** What should be a message is none. True: don't read on. */
  readonly onNonsense: (bytes: Buffer, time: number) => boolean;
  readonly budget: Budget;
}

const nothing: Buffer = Buffer.alloc(0);
const longestHead = 16_384;
const longestChunkLine = 1_024;

type State = "head" | "body" | "chunk-line" | "chunk" | "trailer" | "close" | "lost" | "over";

/** Reads one direction of HTTP/1.x: heads and the ends of bodies, and nothing of what is in them. */
export class HttpReader implements StreamSink {
  readonly #options: HttpReaderOptions;
  #state: State;
  /** Bytes of the body or chunk that are still to come. */
  #left = 0;
  #pending: Buffer = nothing;
  #started = 0;

  constructor(inStep: boolean, options: HttpReaderOptions) {
    this.#options = options;
    this.#state = inStep ? "head" : "lost";
  }

  /** Where bytes were lost, or a head was not seen whole, the end of a message is known only by what comes after it. */
  get lost(): boolean {
    return this.#state === "lost";
  }

  get untilClose(): boolean {
    return this.#state === "close";
  }

  readonly data = (bytes: Buffer, time: number): void => {
    if (this.#state === "lost") {
      if (!this.#options.mayStart(bytes.toString("latin1", 0, 64))) return;
      this.#options.onFound();
      this.#state = "head";
    }
    for (let rest = bytes; rest.length > 0; ) rest = this.#step(rest, time);
  };

  readonly hole = (length: number, time: number): void => {
    const inBody = this.#state === "body" || this.#state === "chunk";
    if (inBody && length <= this.#left) this.#skip(length, time);
    else if (this.#state === "head" && this.#pending.length > 0) this.#cutHead();
    else if (this.#state !== "close" && this.#state !== "over") this.#state = "lost";
    if (this.#state === "lost") this.#keep(nothing);
  };

  stop(): void {
    this.#keep(nothing);
    this.#state = "over";
  }

  /** Takes what belongs to the present state, and gives back the rest. */
  #step(bytes: Buffer, time: number): Buffer {
    switch (this.#state) {
      case "head":
        return this.#head(bytes, time);
      case "body":
      case "chunk": {
        const taken = Math.min(this.#left, bytes.length);
        this.#skip(taken, time);
        return taken === bytes.length ? nothing : bytes.subarray(taken);
      }
      case "chunk-line":
      case "trailer":
        return this.#line(bytes, time);
      default:
        return nothing;
    }
  }

  #head(bytes: Buffer, time: number): Buffer {
    const before = this.#pending.length;
    if (before === 0) {
      this.#started = time;
      // Some clients send an empty line after a body.
      if (bytes[0] === 13 || bytes[0] === 10) return bytes.subarray(1);
    }
    const text = before === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    if (!this.#options.mayStart(text.toString("latin1", 0, 64))) return this.#nonsense(text, time);
    const end = text.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end >= 0 && end <= longestHead) {
      this.#keep(nothing);
      this.#begin(this.#options.onHead(parseHead(text.toString("latin1", 0, end), true), this.#started), time);
      return end + 4 === text.length ? nothing : text.subarray(end + 4);
    }
    if (text.length > longestHead || !this.#keep(text)) this.#cutHead(text);
    return nothing;
  }

  /** Makes the best of a head whose end is not to be had. */
  #cutHead(text: Buffer = this.#pending): void {
    this.#state = "lost";
    const head = parseHead(text.toString("latin1"), false);
    const isWhole = text.includes("\n");
    this.#keep(nothing);
    if (isWhole) this.#options.onHead(head, this.#started);
  }

  #nonsense(bytes: Buffer, time: number): Buffer {
    this.#keep(nothing);
    this.#state = this.#options.onNonsense(bytes, time) ? "over" : "lost";
    return nothing;
  }

  #begin(framing: Framing, time: number): void {
    if (this.#state === "over") return;
    if (framing === "unknown") this.#state = "lost";
    else if (framing === "close") this.#state = "close";
    else if (framing === "chunked") this.#state = "chunk-line";
    else {
      this.#state = "body";
      this.#left = framing.length;
      this.#skip(0, time);
    }
  }

  #skip(length: number, time: number): void {
    this.#left -= length;
    if (this.#left > 0) return;
    if (this.#state === "chunk") this.#state = "chunk-line";
    else this.#finish(time);
  }

  #finish(time: number): void {
    this.#state = "head";
    this.#options.onEnd(time);
  }

  /** The line before a chunk, or one of the lines after the last. */
  #line(bytes: Buffer, time: number): Buffer {
    const end = bytes.indexOf(10);
    const upTo = end < 0 ? bytes.length : end;
    const text = Buffer.concat([this.#pending, bytes.subarray(0, upTo)]);
    if (text.length > longestChunkLine || !this.#keep(end < 0 ? text : nothing)) {
      this.#keep(nothing);
      this.#state = "lost";
    }
    if (end >= 0 && this.#state !== "lost") this.#lineEnded(text.toString("latin1").trim(), time);
    return end < 0 ? nothing : bytes.subarray(end + 1);
  }

  #lineEnded(line: string, time: number): void {
    if (this.#state === "trailer") {
      if (line === "") this.#finish(time);
      return;
    }
    const size = /^([0-9a-f]{1,12})\s*(;|$)/i.exec(line)?.[1];
    if (size === undefined) this.#state = "lost";
    else if (Number.parseInt(size, 16) === 0) this.#state = "trailer";
    else {
      this.#state = "chunk";
      // The chunk's own line end comes with it.
      this.#left = Number.parseInt(size, 16) + 2;
    }
  }

  /** Holds bytes of an unfinished head or line in place of those held before; false: there is no room. */
  #keep(bytes: Buffer): boolean {
    if (bytes.length === 0 && this.#pending.length === 0) return true;
    this.#options.budget.give(this.#pending.length);
    const room = this.#options.budget.take(bytes.length);
    // A copy: a piece of a packet would hold the whole read of the capture in memory.
    this.#pending = room && bytes.length > 0 ? Buffer.from(bytes) : nothing;
    return room;
  }
}
