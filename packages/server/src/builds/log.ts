import type { BuildProgress } from "@outrigger/runtime";
import type { Bell } from "../bell.ts";
import { insertLines } from "../store/builds.ts";
import type { Database } from "../store/database.ts";

/** What a build says: lines, kept for good, and how far it is, kept while it runs. */
export interface BuildLog {
  readonly add: (progress: BuildProgress) => void;
  /** Bytes done and to do, by what they are of. */
  readonly progress: () => readonly BytesProgress[];
  /** Ends when every line is stored. */
  readonly close: () => Promise<void>;
}

export type BytesProgress = NonNullable<BuildProgress["bytes"]>;

/** The topic that rings for a build's news. */
export function buildTopic(build: string): string {
  return `build:${build}`;
}

const flushMs = 100;
const longestLog = 100_000;
const longestLine = 16_384;

export function openBuildLog(db: Database, bell: Bell, build: string, onError: (error: unknown) => void): BuildLog {
  const bytes = new Map<string, BytesProgress>();
  let pending: { line: number; text: string }[] = [];
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const lines = pending;
    pending = [];
    writing = writing
      .then(() => insertLines(db, build, lines))
      .catch(onError)
      .then(() => bell.ring(buildTopic(build)));
    return writing;
  };

  const addLine = (text: string): void => {
    count += 1;
    if (count > longestLog) return;
    const cut = text.length > longestLine ? `${text.slice(0, longestLine)} [cut: the line has ${text.length} characters]` : text;
    pending.push({ line: count, text: count === longestLog ? `[the log is cut here: it has more than ${longestLog} lines]` : cut });
  };

  return {
    add: (progress) => {
      if (progress.bytes !== undefined) bytes.set(progress.bytes.what, progress.bytes);
      if (progress.line !== undefined) for (const line of progress.line.split("\n")) addLine(line);
      timer ??= setTimeout(() => void flush(), flushMs);
    },
    progress: () => [...bytes.values()],
    close: flush,
  };
}
