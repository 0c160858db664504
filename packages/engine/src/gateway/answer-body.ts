import { BodyScanner, type Framing } from "./body-scanner.ts";

/** What an answer's body needs of the connection that it comes by. */
export interface AnswerSource {
  readonly pause: () => void;
  readonly resume: () => void;
  /** Nobody wants the rest. */
  readonly leave: () => void;
}

const mostHeld = 262_144;

/** The body of one of the engine's answers, read at the pace of whoever iterates over it; once. Leaving early ends the engine's side. */
export class AnswerBody implements AsyncIterable<Buffer> {
  readonly framing: Framing;
  readonly #source: AnswerSource;
  #held: Buffer[] = [];
  #heldSize = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(framing: Framing, source: AnswerSource) {
    this.framing = framing;
    this.#source = source;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#held.push(bytes);
    this.#heldSize += bytes.length;
    if (this.#heldSize > mostHeld) this.#source.pause();
    this.#wake?.();
  }

  /** The answer is complete, or broke. */
  end(failure?: Error): void {
    this.#ended = true;
    this.#failure ??= failure;
    this.#wake?.();
  }

  leave(): void {
    if (!this.#ended) this.#source.leave();
    this.end();
    this.#held = [];
  }

  /** The bytes as they came, with their framing. */
  async *raw(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const held = this.#held;
        this.#held = [];
        if (this.#heldSize > mostHeld) this.#source.resume();
        this.#heldSize = 0;
        yield* held;
        if (this.#held.length > 0) continue;
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.leave();
    }
  }

  /** The content. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const scanner = new BodyScanner(this.framing);
    for await (const bytes of this.raw()) {
      const parts: Buffer[] = [];
      scanner.scan(bytes, 0, parts);
      yield* parts;
    }
  }
}
