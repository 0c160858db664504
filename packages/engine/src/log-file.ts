import { createReadStream, existsSync } from "node:fs";
import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { stringifyJson } from "@outrigger/sdk";

/** A file that text is added to; it never grows past twice its size, the older half in `FILE.1`. */
export interface LogFile {
  readonly path: string;
  readonly write: (text: string) => void;
  /** Resolves once everything is written. */
  readonly flush: () => Promise<void>;
}

export function openLogFile(path: string, limit: number = 1024 * 1024): LogFile {
  let queue: Promise<void> = mkdir(dirname(path), { recursive: true, mode: 0o700 }).then(() => {});
  let size: number | undefined;
  let waiting = "";
  const drain = async (): Promise<void> => {
    const text = waiting;
    waiting = "";
    if (text === "") return;
    size ??= await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > 0 && size + text.length > limit) {
      await rename(path, `${path}.1`);
      size = 0;
    }
    await appendFile(path, text, { mode: 0o600 });
    size += Buffer.byteLength(text);
  };
  return {
    path,
    write: (text) => {
      // What a plug-in writes faster than the disk takes is cut, so that it can't fill the gateway's memory.
      if (waiting.length > limit) return;
      if (waiting === "") queue = queue.then(drain).catch(() => {});
      waiting += text;
    },
    flush: async () => queue,
  };
}

/** One line of a log: `{"time", "message", ...fields}`, as the SDK's runner writes them. */
export function logLine(message: string, fields?: Readonly<Record<string, unknown>>): string {
  return `${stringifyJson({ time: new Date().toISOString(), message, ...fields })}\n`;
}

/** The lines of a log, the older half first. */
export async function* logLines(path: string): AsyncGenerator<string> {
  for (const part of [`${path}.1`, path]) {
    if (!existsSync(part)) continue;
    yield* createInterface({ input: createReadStream(part, "utf8") });
  }
}
