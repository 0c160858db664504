import type { Budget } from "./budget.ts";

/** Takes one direction of a connection in its order. Times in microseconds since 1970. */
export interface StreamSink {
  /** The captured start of what one packet brought. */
  readonly data: (bytes: Buffer, time: number) => void;
  /** Bytes that were sent but not captured. */
  readonly hole: (length: number, time: number) => void;
}

interface Piece {
  readonly sequence: number;
  readonly payload: Buffer;
  readonly length: number;
  readonly time: number;
}

const mostWaiting = 32;
const farthest = 16 * 1024 * 1024;

/** Puts one direction's segments into order: no byte twice, and a hole where bytes are known to have passed unseen. */
export class Stream {
  readonly #sink: StreamSink;
  readonly #budget: Budget;
  #expected: number | undefined;
  #waiting: Piece[] = [];

  constructor(sink: StreamSink, budget: Budget) {
    this.#sink = sink;
    this.#budget = budget;
  }

  /** The number of the first byte. */
  start(sequence: number): void {
    this.#expected = sequence >>> 0;
  }

  push(sequence: number, payload: Buffer, length: number, time: number): void {
    this.#expected ??= sequence;
    const ahead = distance(sequence, this.#expected);
    if (ahead > 0 && ahead < farthest && this.#hold({ sequence, payload, length, time })) return;
    if (ahead > 0) this.#release(sequence, time);
    this.#deliver(sequence, payload, length, time);
    if (this.#waiting.length > 0) this.#drain();
  }

  /** The other side has everything before this: what is missing of it will never be seen. */
  acknowledged(sequence: number, time: number): void {
    this.#expected ??= sequence;
    const ahead = distance(sequence, this.#expected);
    if (ahead > 0 && ahead < farthest) this.#release(sequence, time);
  }

  /** The last byte has been sent; the end itself has a number, too. */
  finish(sequence: number): void {
    if (this.#expected === sequence >>> 0) this.#expected = (sequence + 1) >>> 0;
  }

  /** Gives back what it holds. */
  drop(): void {
    for (const { payload } of this.#waiting) this.#budget.give(payload.length);
    this.#waiting = [];
  }

  /** Keeps a piece that came too early. */
  #hold(piece: Piece): boolean {
    if (this.#waiting.length >= mostWaiting || !this.#budget.take(piece.payload.length)) return false;
    this.#waiting.push({ ...piece, payload: Buffer.from(piece.payload) });
    this.#waiting.sort((a, b) => distance(a.sequence, b.sequence));
    return true;
  }

  /** Gives up what is missing before `sequence`. */
  #release(sequence: number, time: number): void {
    for (let next = this.#waiting[0]; next !== undefined && distance(sequence, next.sequence) > 0; next = this.#waiting[0]) {
      this.#skipTo(next.sequence, next.time);
      this.#drain();
    }
    this.#skipTo(sequence, time);
    this.#drain();
  }

  #skipTo(sequence: number, time: number): void {
    const missing = distance(sequence, this.#expected ?? sequence);
    if (missing <= 0) return;
    this.#expected = sequence >>> 0;
    this.#sink.hole(missing, time);
  }

  #drain(): void {
    for (let next = this.#waiting[0]; next !== undefined && distance(next.sequence, this.#expected ?? 0) <= 0; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#budget.give(next.payload.length);
      this.#deliver(next.sequence, next.payload, next.length, next.time);
    }
  }

  #deliver(sequence: number, payload: Buffer, length: number, time: number): void {
    const known = Math.max(0, -distance(sequence, this.#expected ?? sequence));
    if (known >= length) return;
    this.#expected = (sequence + length) >>> 0;
    const fresh = known === 0 ? payload : payload.subarray(Math.min(known, payload.length));
    if (fresh.length > 0) this.#sink.data(fresh, time);
    const unseen = length - known - fresh.length;
    if (unseen > 0) this.#sink.hole(unseen, time);
  }
}

/** From `b` to `a` on TCP's circle of 2^32 numbers. */
function distance(a: number, b: number): number {
  return (a - b) | 0;
}
