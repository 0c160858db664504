import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { dirname, join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import type { OutputListener } from "../ssh/host-connection.ts";
import type { Secrets } from "./secrets.ts";

/** Of each attempt's output so much is kept on the disk, in bytes; its end is always in the failure's message. */
const mostKept = 8 * 1024 * 1024;
const longestLine = 16 * 1024;
const lastLines = 20;

export type OutputStream = "stdout" | "stderr" | "log";

/** What one attempt prints: read by lines, secrets masked, kept in a file that is made with its first line. */
export interface TaskLog {
  readonly output: OutputListener;
  readonly line: (stream: OutputStream, text: string) => void;
  /** Where it is kept, relative to the run's folder; undefined while nothing was printed. */
  readonly path: string | undefined;
  /** The last lines, oldest first. */
  readonly tail: readonly string[];
  readonly close: () => Promise<void>;
}

/** `PreInit/motd/10.0.0.1` -> `logs/PreInit/motd/10.0.0.1.log`; further attempts have their number in it. */
export function logPath(task: string, attempt: number): string {
  // Names are the users' own: nothing in them may lead out of the folder.
  const parts = task.split("/").map((part) =>
    encodeURIComponent(part)
      .replaceAll("%3A", ":")
      .replace(/^\.+$/, (dots) => dots.replaceAll(".", "%2E")),
  );
  return `logs/${parts.join("/")}${attempt === 1 ? "" : `.${attempt}`}.log`;
}

export function openTaskLog(
  folder: string,
  {
    task,
    attempt,
    secrets,
    onLine,
  }: { task: string; attempt: number; secrets: Secrets; onLine: (stream: OutputStream, text: string) => void },
): TaskLog {
  const path = logPath(task, attempt);
  let file: WriteStream | undefined;
  let kept = 0;
  const tail: string[] = [];
  const keep = (text: string): void => {
    if (kept > mostKept) return;
    kept += text.length + 1;
    const whole = kept > mostKept ? `${text}\n(what came after this is not kept)` : text;
    file ??= openFile(join(folder, path));
    file.write(`${whole}\n`);
  };
  const line = (stream: OutputStream, text: string): void => {
    const masked = secrets.mask(text);
    tail.push(masked);
    if (tail.length > lastLines) tail.shift();
    keep(masked);
    onLine(stream, masked);
  };
  const splitters = {
    stdout: lineSplitter(secrets, (text) => line("stdout", text)),
    stderr: lineSplitter(secrets, (text) => line("stderr", text)),
  };
  return {
    output: (stream, piece) => splitters[stream].write(piece),
    line,
    get path() {
      return file === undefined ? undefined : path;
    },
    tail,
    close: async () => {
      splitters.stdout.end();
      splitters.stderr.end();
      const stream = file;
      if (stream !== undefined && !stream.closed) await new Promise<void>((done) => stream.once("close", done).end());
    },
  };
}

function openFile(path: string): WriteStream {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const stream = createWriteStream(path, { flags: "w", mode: 0o600 });
  // A full disk costs the log, not the run: the journal is what must be written.
  return stream.on("error", () => stream.destroy());
}

function lineSplitter(
  secrets: Secrets,
  onLine: (text: string) => void,
): { readonly write: (piece: Uint8Array) => void; readonly end: () => void } {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return {
    write: (piece) => {
      const lines = (rest + decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) onLine(text.replace(/\r$/, ""));
      // Whole secrets are masked before the cut; one of which only a part has come yet is held back.
      if (rest.length > longestLine + secrets.longest) rest = secrets.mask(rest);
      while (rest.length > longestLine + secrets.longest) {
        onLine(rest.slice(0, longestLine));
        rest = rest.slice(longestLine);
      }
    },
    end: () => {
      rest += decoder.end();
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}
