import { engineErrors } from "../errors.ts";

/** As Go's server, and so the engine itself, has it (net/http DefaultMaxHeaderBytes, and 4096 for slop). */
export const headLimit: number = 1_048_576 + 4096;

const headEnd = "\r\n\r\n";

/** Gathers a head that comes in pieces; the usual one, whole in one piece, is not copied. */
export class HeadReader {
  #kept: Buffer | undefined;
  #length = 0;

  /** Some of a head is there, but not all of it. */
  get isPartial(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes the next piece. Once the head is complete it gives everything there is, and where the head ends: after the empty line.
   *
   * @throws request-malformed at a line feed without a carriage return; head-too-large
   */
  push(piece: Buffer): { readonly bytes: Buffer; readonly end: number } | undefined {
    const searched = Math.max(0, this.#length - headEnd.length + 1);
    const bytes = this.#append(piece);
    const found = bytes.indexOf(headEnd, searched, "latin1");
    if (found >= 0 ? found + headEnd.length > headLimit : bytes.length > headLimit) {
      throw engineErrors["head-too-large"]({ limit: `${headLimit} bytes` });
    }
    if (found >= 0) {
      this.#kept = undefined;
      this.#length = 0;
      return { bytes, end: found + headEnd.length };
    }
    // Would otherwise wait for an end that never comes.
    if (hasBareLineFeed(bytes, searched)) throw engineErrors["request-malformed"]({ reason: "a line ends without a carriage return" });
    if (this.#length === 0) this.#keep(piece);
    return undefined;
  }

  #append(piece: Buffer): Buffer {
    if (this.#kept === undefined) return piece;
    this.#keep(piece);
    return this.#kept.subarray(0, this.#length);
  }

  // Grows by doubling: a head that comes byte by byte costs no more than its length.
  #keep(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (this.#kept === undefined || this.#kept.length < needed) {
      const larger = Buffer.allocUnsafeSlow(Math.max(4096, needed * 2));
      this.#kept?.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    piece.copy(this.#kept, this.#length);
    this.#length = needed;
  }
}

function hasBareLineFeed(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(10, from); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (at === 0 || bytes[at - 1] !== 13) return true;
  }
  return false;
}
