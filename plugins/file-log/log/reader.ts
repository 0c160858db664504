import type { FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { LogFiles } from "./files.ts";
import type { LogWriter } from "./writer.ts";

/** A line with the time its file was last written, in nanoseconds; or the moment when everything that was there has been read. */
export type Read = { readonly line: Buffer; readonly modified: bigint } | "caught up";

interface Reading {
  readonly files: LogFiles;
  /** Of a container that runs. */
  readonly writer: LogWriter | undefined;
  /** Lines that are needed from the end; absent: all. */
  readonly tail?: number | undefined;
  /** Aborted: no more lines. */
  readonly signal: AbortSignal;
  readonly follow: boolean;
}

/** All lines of a container's files, the oldest first; then those that come, while it runs and `follow` asks for them. */
export async function* readLines({ files, writer, tail, signal, follow }: Reading): AsyncGenerator<Read> {
  await writer?.flush();
  // Files get other names while we read. Their generation never changes: that of the first file since the writer began is 0.
  const newest = (): number => writer?.generation ?? 0;
  const from = await exclusive(writer, async () => newest() - (await firstIndex(files, tail)));
  let caughtUp = false;
  for (let generation = from; generation <= newest() && !signal.aborted; ) {
    const opened = await exclusive(writer, () => files.read(newest() - generation));
    if (opened === undefined) {
      generation += 1;
      continue;
    }
    const { file, compressed } = opened;
    try {
      const modified = (await file.stat({ bigint: true })).mtimeNs;
      const cutter = new LineCutter();
      if (compressed)
        for await (const piece of file.createReadStream({ autoClose: false }).pipe(createGunzip())) yield* lines(cutter, piece, modified);
      else {
        for (;;) {
          const changed = writer?.changed;
          const ended = writer === undefined || writer.ended || newest() > generation;
          for (let piece = await next(file); piece !== undefined; piece = await next(file)) yield* lines(cutter, piece, modified);
          if (ended || signal.aborted) break;
          if (newest() === generation && !caughtUp) {
            caughtUp = true;
            yield "caught up";
          }
          if (!follow) return;
          if (writer?.changed === changed) await orAborted(changed, signal);
        }
      }
    } finally {
      await file.close();
    }
    generation += 1;
  }
  if (!caughtUp) yield "caught up";
}

function exclusive<Value>(writer: LogWriter | undefined, work: () => Promise<Value>): Promise<Value> {
  return writer === undefined ? work() : writer.exclusive(work);
}

/** The oldest file that is needed for so many lines from the end. */
async function firstIndex(files: LogFiles, tail: number | undefined): Promise<number> {
  const count = await files.count();
  if (tail === undefined) return count - 1;
  let lines = 0;
  for (let index = 0; index < count; index += 1) {
    const opened = await files.read(index);
    if (opened === undefined) continue;
    const stream = opened.file.createReadStream();
    for await (const piece of opened.compressed ? stream.pipe(createGunzip()) : stream) lines += countLines(piece as Buffer);
    if (lines >= tail) return index;
  }
  return count - 1;
}

function countLines(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) count += 1;
  return count;
}

async function next(file: FileHandle): Promise<Buffer | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(64 * 1024));
  return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
}

function* lines(cutter: LineCutter, piece: Buffer, modified: bigint): Generator<Read> {
  for (const line of cutter.push(piece)) yield { line, modified };
}

async function orAborted(promise: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (!signal.aborted) await Promise.race([promise, aborted]);
  signal.removeEventListener("abort", stop);
}

/** Cuts pieces of a file into lines. What follows the last newline waits for the next piece. */
export class LineCutter {
  #rest: Buffer[] = [];

  *push(piece: Buffer): Generator<Buffer> {
    let start = 0;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, start)) {
      const end = piece.subarray(start, at);
      yield this.#rest.length === 0 ? end : Buffer.concat([...this.#rest, end]);
      this.#rest = [];
      start = at + 1;
    }
    if (start < piece.length) this.#rest.push(piece.subarray(start));
  }
}
