import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { JournalEvent, JournalRecord } from "./journal-events.ts";

/** The record of one run, JSON lines, only ever added to. */
export interface Journal {
  /** Resolves when the event is on the disk; events written at the same time share one flush. @throws journal-unwritable */
  readonly write: (event: JournalEvent) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a journal to add to it. A last line that a crash has torn is cut off.
 * @throws journal-unwritable, journal-invalid
 */
export async function openJournal(file: string, now: () => Date = () => new Date()): Promise<Journal> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, "a", 0o600);
  try {
    const { whole } = await readRecords(file);
    await handle.truncate(whole);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return appendTo(handle, file, now);
}

function appendTo(handle: FileHandle, file: string, now: () => Date): Journal {
  let waiting: string[] = [];
  let flush: Promise<void> | undefined;
  let broken: unknown;
  const flushAll = async (): Promise<void> => {
    // What comes while an earlier flush is under way goes with the next one.
    await Promise.resolve();
    const lines = waiting.join("");
    waiting = [];
    flush = undefined;
    await handle.appendFile(lines);
    await handle.datasync();
  };
  let last: Promise<void> = Promise.resolve();
  const write = async (event: JournalEvent): Promise<void> => {
    waiting.push(`${JSON.stringify({ time: now().toISOString(), ...event })}\n`);
    flush ??= last = last.then(flushAll).catch((error: unknown) => {
      broken ??= error;
    });
    await flush;
    if (broken !== undefined) throw clusterErrors["journal-unwritable"]({ file, reason: wordsOf(broken) }, { cause: broken });
  };
  return {
    write,
    close: async () => {
      await last;
      await handle.close();
    },
  };
}

/** All records of a journal; a torn last line is left out. @throws journal-invalid with the line */
export async function readJournal(file: string): Promise<readonly JournalRecord[]> {
  return (await readRecords(file)).records;
}

/** `whole`: the length in bytes of what is readable. */
async function readRecords(file: string): Promise<{ readonly records: readonly JournalRecord[]; readonly whole: number }> {
  const bytes = await readFile(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const records: JournalRecord[] = [];
  let whole = 0;
  for (let line = 1; whole < end; line += 1) {
    const next = bytes.indexOf(0x0a, whole) + 1;
    const record = parseRecord(bytes.toString("utf8", whole, next));
    if (record === undefined) {
      // A power cut can leave a line of zeros as the last one.
      if (next === end) break;
      throw clusterErrors["journal-invalid"]({ file, line });
    }
    records.push(record);
    whole = next;
  }
  const [first] = records;
  if (first !== undefined && (first.event !== "run-started" || first.format !== 1))
    throw clusterErrors["journal-invalid"]({ file, line: 1 });
  return { records, whole };
}

function parseRecord(line: string): JournalRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "event" in value ? (value as JournalRecord) : undefined;
  } catch {
    return undefined;
  }
}
