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

  /**
   * The entries that are whole with this piece, one by one: those before bytes that are none are given all the same.
   * Their lines may share its memory. @throws `log-frame-invalid`
   */
  *push(piece: Buffer): Generator<LogEntry, void> {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    try {
      while (bytes.length - at >= headLength) {
        const length = bytes.readUInt32BE(at);
        if (length > frameLimit) throw driverSdkErrors["log-frame-invalid"]({ reason: `it says it has ${length} bytes` });
        const end = at + headLength + length;
        if (bytes.length < end) break;
        const entry = decodeEntry(bytes.subarray(at + headLength, end));
        at = end;
        yield entry;
      }
    } finally {
      this.#rest = bytes.subarray(at);
    }
  }

  /** Whether the stream ends here between two entries. */
  get whole(): boolean {
    return this.#rest.length === 0;
  }
}
