import { engineErrors } from "../errors.ts";
import { BodyScanner, type Framing } from "./body-scanner.ts";

/** What a body needs of the connection that it comes by. */
export interface BodySource {
  readonly framing: Framing;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Somebody wants the body: tells a client that waits for `100 Continue`. */
  readonly wanted: () => void;
}

type Consumer = (bytes: Buffer, ended: boolean) => void;

const mostHeld = 65_536;

/** A request's body that nobody, a handler or the engine reads: held back until one of them wants it, then read at its pace. */
export class RequestBody {
  ended: boolean;
  /** The whole content, once it was asked for. */
  content: Buffer | undefined;
  readonly #source: BodySource;
  #held: Buffer[];
  #heldSize: number;
  #consumer: Consumer | undefined;
  #fail: ((error: Error) => void) | undefined;
  #failure: Error | undefined;
  #reading: Promise<Buffer> | undefined;

  constructor(source: BodySource, first: Buffer, ended: boolean) {
    this.#source = source;
    this.#held = first.length > 0 ? [first] : [];
    this.#heldSize = first.length;
    this.ended = ended;
  }

  push(bytes: Buffer, ended: boolean): void {
    this.ended = ended;
    if (this.#consumer !== undefined) return void this.#consumer(bytes, ended);
    this.#held.push(bytes);
    this.#heldSize += bytes.length;
    if (this.#heldSize > mostHeld) this.#source.pause();
  }

  /** The body will never be complete. */
  break(error: Error): void {
    this.#failure = error;
    this.#fail?.(error);
  }

  /** The whole content. @throws body-too-large */
  async read(limit: number): Promise<Buffer> {
    const { framing } = this.#source;
    if (framing.kind === "length" && framing.length > limit) throw tooLarge(limit);
    this.#reading ??= this.#gather(limit);
    const content = await this.#reading;
    if (content.length > limit) throw tooLarge(limit);
    return content;
  }

  /** Hands over the bytes as they come, with their framing, from now on. */
  stream(consumer: Consumer): void {
    if (this.#consumer !== undefined) throw engineErrors["gateway-failed"]({ reason: "a request's body was read twice" });
    const held = this.#held;
    this.#held = [];
    this.#consumer = consumer;
    for (const [index, bytes] of held.entries()) consumer(bytes, this.ended && index === held.length - 1);
    if (held.length === 0 && this.ended) consumer(Buffer.alloc(0), true);
    this.#source.resume();
  }

  #gather(limit: number): Promise<Buffer> {
    if (!this.ended) this.#source.wanted();
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#fail = reject;
      const scanner = new BodyScanner(this.#source.framing);
      const parts: Buffer[] = [];
      let size = 0;
      this.stream((bytes, ended) => {
        if (size > limit) return;
        const before = parts.length;
        scanner.scan(bytes, 0, parts);
        for (const part of parts.slice(before)) size += part.length;
        if (size > limit) {
          this.#source.pause();
          return reject(tooLarge(limit));
        }
        if (!ended) return;
        this.content = parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts, size);
        resolve(this.content);
      });
    });
  }
}

function tooLarge(limit: number): Error {
  return engineErrors["body-too-large"]({ limit });
}
