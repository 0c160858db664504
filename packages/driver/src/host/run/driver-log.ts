import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { appendFile, copyFile, open, stat, truncate } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const largest = 1024 * 1024;

/** Adds a line of the host's own to what a driver writes. */
export async function noteInLog(path: string, text: string): Promise<void> {
  await appendFile(path, `outrigger: ${new Date().toISOString()} ${text}\n`, { mode: 0o600 }).catch(() => {});
}

/** Moves a log that has grown too large to `LOG.1`. The driver's own handle stays good: it adds at the end, wherever that is. */
export async function rotateLog(path: string, limit: number = largest): Promise<void> {
  const size = await sizeOf(path);
  if (size <= limit) return;
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}

/** The last lines that a driver has written since the host's last note (which stands before every start), for messages. */
export function lastLines(path: string, count: number): readonly string[] {
  const lines = tailOf(path, 4096)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  return lines.slice(lines.findLastIndex((line) => line.startsWith("outrigger: ")) + 1).slice(-count);
}

function tailOf(path: string, bytes: number): string {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, bytes));
      const read = readSync(file, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString("utf8", 0, read);
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}

/** What a driver has written, the older half first; with `follow` also what it writes from now on, until the signal. */
export async function* readDriverLog(path: string, follow: boolean, signal: AbortSignal): AsyncGenerator<Buffer> {
  yield* piecesOf(`${path}.1`, 0);
  let place = 0;
  for (;;) {
    const size = await sizeOf(path);
    if (size < place) place = 0; // it was emptied
    for await (const piece of piecesOf(path, place)) {
      place += piece.length;
      yield piece;
    }
    if (!follow || signal.aborted) return;
    await sleep(200, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
  }
}

async function* piecesOf(path: string, start: number): AsyncGenerator<Buffer> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return;
  try {
    for (let place = start; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(65_536), 0, 65_536, place);
      if (bytesRead === 0) return;
      place += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
