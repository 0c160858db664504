import { engineErrors } from "../errors.ts";

/** How a message says where its body ends (RFC 9112, section 6). `close`: with the connection; answers only. */
export type Framing = { readonly kind: "length"; readonly length: number } | { readonly kind: "chunked" } | { readonly kind: "close" };

export const noBody: Framing = { kind: "length", length: 0 };

const CR = 13;
const LF = 10;
const longestTrailers = 16_384;

type ChunkState = "size" | "size-end" | "data" | "data-return" | "data-end" | "line-start" | "line" | "line-end" | "last-end";

/** Finds the end of one body in bytes that come in pieces of any size, without changing or keeping them. */
export class BodyScanner {
  done: boolean;
  /** False until the first byte of the body, or its end, was seen. */
  begun = false;
  readonly #framing: Framing["kind"];
  #left: number;
  #state: ChunkState = "size";
  #digits = 0;
  #trailers = 0;

  constructor(framing: Framing) {
    this.#framing = framing.kind;
    this.#left = framing.kind === "length" ? framing.length : 0;
    this.done = framing.kind === "length" && framing.length === 0;
  }

  /**
   * Reads on from `from`; gives the index after the last byte that belongs to the body, and adds the parts that are content (not framing) to `content`.
   *
   * @throws request-malformed where chunks are not exactly as RFC 9112, section 7.1, has them; chunk extensions are refused, since nobody sends them
   */
  scan(bytes: Buffer, from: number, content?: Buffer[]): number {
    if (this.done || from >= bytes.length) return from;
    this.begun = true;
    if (this.#framing === "chunked") return this.#scanChunks(bytes, from, content);
    const end = this.#framing === "close" ? bytes.length : Math.min(bytes.length, from + this.#left);
    this.#left -= end - from;
    this.done = this.#framing === "length" && this.#left === 0;
    content?.push(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end));
    return end;
  }

  #scanChunks(bytes: Buffer, from: number, content: Buffer[] | undefined): number {
    let at = from;
    while (at < bytes.length && !this.done) {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        content?.push(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = "data-return";
      } else {
        this.#state = this.#take(bytes[at] ?? 0);
        at += 1;
      }
    }
    return at;
  }

  #take(byte: number): ChunkState {
    switch (this.#state) {
      case "size":
        return byte === CR && this.#digits > 0 ? "size-end" : this.#digit(byte);
      case "size-end":
        this.#expect(byte, LF);
        this.#digits = 0;
        return this.#left === 0 ? "line-start" : "data";
      case "data-return":
        this.#expect(byte, CR);
        return "data-end";
      case "data-end":
        this.#expect(byte, LF);
        return "size";
      case "line-start":
        return byte === CR ? "last-end" : this.#trailerByte(byte);
      case "line":
        return byte === CR ? "line-end" : this.#trailerByte(byte);
      case "line-end":
        this.#expect(byte, LF);
        return "line-start";
      default:
        this.#expect(byte, LF);
        this.done = true;
        return "size";
    }
  }

  #digit(byte: number): ChunkState {
    const letter = byte | 0x20;
    const value = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
    this.#digits += 1;
    this.#left = this.#left * 16 + value;
    if (value < 0 || this.#digits > 12) throw malformed("a chunk's size is not a plain hexadecimal number");
    return "size";
  }

  #trailerByte(byte: number): ChunkState {
    this.#trailers += 1;
    const isFold = this.#state === "line-start" && (byte === 0x20 || byte === 0x09);
    if (isFold || (byte < 0x20 && byte !== 0x09) || byte === 0x7f) throw malformed("a trailer has bytes that no trailer may have");
    if (this.#trailers > longestTrailers) throw malformed("its trailers are too long");
    return "line";
  }

  #expect(byte: number, wanted: number): void {
    if (byte !== wanted) throw malformed("a chunk does not end where its size says");
  }
}

function malformed(reason: string): Error {
  return engineErrors["request-malformed"]({ reason });
}
