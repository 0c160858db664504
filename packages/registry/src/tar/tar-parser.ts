import { registryErrors } from "../errors.ts";
import type { FileEntry } from "../layers/file-tree.ts";
import { readEntry } from "./entry.ts";
import { isZeroBlock, readHeaderBlock } from "./header-block.ts";
import { defaultTarLimits, type TarLimits } from "./limits.ts";
import { type PaxRecords, readPaxRecords } from "./pax-records.ts";

/** An entry of an archive. A hard link's `target` need not be in the archive. */
export interface TarEntry extends FileEntry {
  /** Where its content begins in the plain tar. */
  readonly offset: number;
}

export interface TarHandlers {
  /** The next entry, in the archive's order; its content follows. */
  readonly entry: (entry: TarEntry) => void;
  /** A piece of the last entry's content. It is part of what was pushed: who keeps it copies it. */
  readonly data?: (piece: Uint8Array) => void;
  /** The last entry's content was whole. Called for files alone, empty ones too. */
  readonly end?: () => void;
}

const block = 512;

/**
 * Reads a tar that is pushed in pieces of any length: ustar, GNU long names and large numbers, pax. Calls its handlers synchronously.
 *
 * Every error is `archive-invalid` or `archive-too-large` and names archive and entry.
 */
export class TarParser {
  readonly #archive: string;
  readonly #handlers: TarHandlers;
  readonly #limits: TarLimits;
  readonly #held: Buffer = Buffer.alloc(block);
  #heldLength = 0;
  #state: "header" | "content" | "extended" | "padding" | "end" = "header";
  /** Bytes still to come of the content, or of an extended header. */
  #remaining = 0;
  #padding = 0;
  #position = 0;
  #entries = 0;
  #zeroBlocks = 0;
  #last = "the beginning";
  #extended: { readonly type: string; readonly bytes: Buffer } | undefined;
  #global: PaxRecords = new Map();
  #local: Map<string, Uint8Array> = new Map();

  constructor(archive: string, handlers: TarHandlers, limits: Partial<TarLimits> = {}) {
    this.#archive = archive;
    this.#handlers = handlers;
    this.#limits = { ...defaultTarLimits, ...limits };
  }

  push(piece: Uint8Array): void {
    if (this.#position + piece.length > this.#limits.size) throw this.#tooLarge(`more than ${this.#limits.size} bytes`);
    let at = 0;
    while (at < piece.length) {
      const length = this.#take(piece, at);
      at += length;
      this.#position += length;
      this.#settle();
    }
  }

  /** How much of what comes next is content or padding. Whoever can pass over it calls {@link skip} instead of pushing it; no `data` is called for it. */
  get skippable(): number {
    return this.#state === "content" ? this.#remaining : 0;
  }

  skip(length: number): void {
    if (this.#position + length > this.#limits.size) throw this.#tooLarge(`more than ${this.#limits.size} bytes`);
    this.#remaining -= length;
    this.#position += length;
    this.#settle();
  }

  /** All was pushed. @throws archive-invalid when the archive's end is missing */
  finish(): void {
    if (this.#state !== "end") throw this.#invalid(`after ${this.#last}`, "it ends too early: it is truncated");
  }

  /** Takes some bytes of `piece` from `at`, gives how many. */
  #take(piece: Uint8Array, at: number): number {
    const there = piece.length - at;
    switch (this.#state) {
      case "header": {
        if (this.#heldLength === 0 && there >= block) {
          this.#readHeader(piece.subarray(at, at + block));
          return block;
        }
        const length = Math.min(there, block - this.#heldLength);
        this.#held.set(piece.subarray(at, at + length), this.#heldLength);
        this.#heldLength += length;
        if (this.#heldLength === block) {
          this.#heldLength = 0;
          this.#readHeader(this.#held, length);
        }
        return length;
      }
      case "content": {
        const length = Math.min(there, this.#remaining);
        this.#handlers.data?.(piece.subarray(at, at + length));
        this.#remaining -= length;
        return length;
      }
      case "extended": {
        const length = Math.min(there, this.#remaining);
        const { bytes } = this.#extended ?? { bytes: this.#held };
        bytes.set(piece.subarray(at, at + length), bytes.length - this.#remaining);
        this.#remaining -= length;
        return length;
      }
      case "padding": {
        const length = Math.min(there, this.#padding);
        this.#padding -= length;
        return length;
      }
      case "end": {
        if (!isZeroBlock(piece.subarray(at))) throw this.#invalid(`after ${this.#last}`, "something stands behind its end");
        return there;
      }
    }
  }

  /** Goes on to the next state where one is done. */
  #settle(): void {
    if (this.#state === "content" && this.#remaining === 0) {
      this.#state = "padding";
      this.#handlers.end?.();
    } else if (this.#state === "extended" && this.#remaining === 0) {
      this.#readExtended();
      this.#state = "padding";
    }
    if (this.#state === "padding" && this.#padding === 0) this.#state = "header";
  }

  /** `taken`: how many bytes of the block are not counted in the position yet. */
  #readHeader(bytes: Uint8Array, taken: number = block): void {
    if (isZeroBlock(bytes)) {
      if (this.#local.size > 0) throw this.#invalid(`after ${this.#last}`, "an extended header has no entry");
      this.#zeroBlocks += 1;
      if (this.#zeroBlocks === 2) this.#state = "end";
      return;
    }
    if (this.#zeroBlocks > 0) throw this.#invalid(`after ${this.#last}`, "something stands behind its end");
    const header = readHeaderBlock(bytes);
    if (typeof header === "string") throw this.#invalid(`after ${this.#last}`, header);
    if ("xgLK".includes(header.type)) {
      if (header.size > this.#limits.headerSize) throw this.#tooLarge(`an extended header of more than ${this.#limits.headerSize} bytes`);
      this.#extended = { type: header.type, bytes: Buffer.alloc(header.size) };
      this.#expect("extended", header.size);
      return;
    }
    const reading = readEntry(header, this.#global, this.#local);
    if ("refusal" in reading) throw this.#invalid(reading.name, reading.refusal);
    this.#local = new Map();
    this.#entries += 1;
    if (this.#entries > this.#limits.entries) throw this.#tooLarge(`more than ${this.#limits.entries} entries`);
    const { entry } = reading;
    for (const path of [entry.path, entry.target ?? ""]) {
      if (Buffer.byteLength(path) > this.#limits.pathLength) throw this.#tooLarge(`a path of more than ${this.#limits.pathLength} bytes`);
    }
    const offset = this.#position + taken;
    if (offset + entry.size > this.#limits.size) throw this.#tooLarge(`more than ${this.#limits.size} bytes`);
    this.#last = JSON.stringify(entry.path);
    this.#handlers.entry({ ...entry, offset });
    if (entry.kind === "file") this.#expect("content", entry.size);
  }

  #expect(state: "content" | "extended", size: number): void {
    this.#state = state;
    this.#remaining = size;
    this.#padding = (block - (size % block)) % block;
  }

  #readExtended(): void {
    const { type, bytes } = this.#extended ?? { type: "x", bytes: this.#held };
    this.#extended = undefined;
    if (type === "L" || type === "K") {
      const end = bytes.indexOf(0);
      this.#local.set(type === "L" ? "path" : "linkpath", end < 0 ? bytes : bytes.subarray(0, end));
      return;
    }
    const records = readPaxRecords(bytes);
    if (typeof records === "string") throw this.#invalid(`after ${this.#last}`, records);
    if (type === "g") this.#global = new Map([...this.#global, ...records]);
    else for (const [keyword, value] of records) this.#local.set(keyword, value);
  }

  #invalid(entry: string, reason: string): Error {
    return registryErrors["archive-invalid"]({ archive: this.#archive, entry, reason });
  }

  #tooLarge(reason: string): Error {
    return registryErrors["archive-too-large"]({ archive: this.#archive, entry: `after ${this.#last}`, reason });
  }
}
