/** The most that is remembered of what came before the first mark. */
const noiseLimit = 4096;

/**
 * Finds what a script prints between two marks: `MARK<\n`, the body, `MARK>WORDS\n`. What a login shell says before is noise; what comes after is ignored. The
 * body is passed on as it comes, except for a last part that could be the beginning of a mark.
 */
export class MarkedOutput {
  readonly #mark: Buffer;
  readonly #onBody: (piece: Uint8Array) => void;
  #state: "noise" | "body" | "trailer" | "over" = "noise";
  #kept: Buffer = Buffer.alloc(0);

  /** @param onBody is given pieces that it may keep */
  constructor(mark: string, onBody: (piece: Uint8Array) => void) {
    this.#mark = Buffer.from(mark);
    this.#onBody = onBody;
  }

  get begun(): boolean {
    return this.#state !== "noise";
  }

  /** The last that was printed before the first mark, for messages. */
  get noise(): string {
    return this.#state === "noise" ? this.#kept.toString("utf8").trim() : "";
  }

  /** The words of the second mark; undefined until its line is complete. */
  trailer: string | undefined;

  push(piece: Buffer): void {
    let rest = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
    this.#kept = Buffer.alloc(0);
    if (this.#state === "noise") {
      const at = rest.indexOf(this.#opening());
      if (at < 0) {
        this.#kept = Buffer.from(rest.subarray(Math.max(0, rest.length - noiseLimit)));
        return;
      }
      rest = rest.subarray(at + this.#opening().length);
      this.#state = "body";
    }
    if (this.#state === "body") {
      const at = rest.indexOf(this.#mark);
      const length = at < 0 ? rest.length - this.#partialMark(rest) : at;
      if (length > 0) this.#onBody(rest.subarray(0, length));
      if (at < 0) {
        this.#kept = Buffer.from(rest.subarray(length));
        return;
      }
      rest = rest.subarray(at + this.#mark.length);
      this.#state = "trailer";
    }
    if (this.#state === "trailer") {
      const end = rest.indexOf("\n");
      if (end < 0) {
        this.#kept = Buffer.from(rest);
        return;
      }
      this.trailer = rest.subarray(1, end).toString("utf8");
      this.#state = "over";
    }
  }

  #opening(): string {
    return `${this.#mark.toString()}<\n`;
  }

  /** How many bytes at the end could begin a mark. */
  #partialMark(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length -= 1) {
      if (this.#mark.subarray(0, length).equals(bytes.subarray(bytes.length - length))) return length;
    }
    return 0;
  }
}
