import { driverSdkErrors } from "../errors.ts";
import { decodeEntry, encodeEntry } from "./entry-codec.ts";
import type { LogEntry } from "./log-entry.ts";

const headLength = 4;
/** The engine's own decoder takes no more (moby api/types/plugins/logdriver `io.go`). */
export const frameLimit = 1_000_000;

/** An entry as it stands in a stream: its length in four bytes, big-endian, and the entry. */
export function encodeFrame(entry: LogEntry): Buffer {
  const message = encodeEntry(entry);
  const head = Buffer.alloc(headLength);
  head.writeUInt32BE(message.length);
  return Buffer.concat([head, message]);
}

/** Reads entries out of pieces of a stream, wherever it is cut. */
export class FrameDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /** The entries that are whole with this piece. Their lines may share its memory. @throws `log-frame-invalid` */
  push(piece: Buffer): readonly LogEntry[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const entries: LogEntry[] = [];
    let at = 0;
    while (bytes.length - at >= headLength) {
      const length = bytes.readUInt32BE(at);
      if (length > frameLimit) throw driverSdkErrors["log-frame-invalid"]({ reason: `it says it has ${length} bytes` });
      if (bytes.length - at - headLength < length) break;
      entries.push(decodeEntry(bytes.subarray(at + headLength, at + headLength + length)));
      at += headLength + length;
    }
    this.#rest = bytes.subarray(at);
    return entries;
  }

  /** Whether the stream ends here between two entries. */
  get whole(): boolean {
    return this.#rest.length === 0;
  }
}
