import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import { writeDurably } from "@outrigger/sdk";
import { clusterErrors } from "../errors.ts";
import type { ClusterFolder } from "../state/cluster-folder.ts";
import type { FrozenRun } from "./frozen-run.ts";
import { readJournal } from "./journal.ts";
import type { JournalRecord } from "./journal-events.ts";
import { createRunRecord, type RunRecord } from "./run-record.ts";

/** Where one run's things are. */
export interface RunFolder {
  readonly run: string;
  readonly path: string;
  readonly journal: string;
  /** All that it takes to go on ({@link FrozenRun}). */
  readonly frozen: string;
}

/** `20261121T224037.512-join-3fa2`: sorts by time. */
export function newRunId(operation: string, now: Date = new Date()): string {
  return `${now.toISOString().replaceAll(/[-:Z]/g, "")}-${operation}-${randomBytes(2).toString("hex")}`;
}

/** @throws run-unknown: a name that is none never becomes a path */
export function runFolder(folder: ClusterFolder, run: string): RunFolder {
  if (!/^[0-9T.]+-[a-z-]+-[0-9a-f]+$/.test(run)) throw clusterErrors["run-unknown"]({ run, cluster: folder.cluster });
  const path = join(folder.runs, run);
  return { run, path, journal: join(path, "journal.jsonl"), frozen: join(path, "plan.json") };
}

/** The names of all runs, oldest first; one that was killed before the first line of its journal has done nothing, and is none. */
export async function runNames(folder: ClusterFolder): Promise<readonly string[]> {
  const names = await readdir(folder.runs).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => existsSync(join(folder.runs, name, "journal.jsonl"))).sort();
}

/** A run as its journal tells it. */
export interface PastRun {
  readonly folder: RunFolder;
  readonly records: readonly JournalRecord[];
  readonly record: RunRecord;
}

/** @throws run-unknown, journal-invalid */
export async function readRun(folder: ClusterFolder, run: string): Promise<PastRun> {
  const place = runFolder(folder, run);
  const there = await stat(place.journal).catch(() => undefined);
  if (there === undefined) throw clusterErrors["run-unknown"]({ run, cluster: folder.cluster });
  const records = await readJournal(place.journal);
  return { folder: place, records, record: createRunRecord(records) };
}

/** @throws run-unreadable */
export async function readFrozen(place: RunFolder): Promise<FrozenRun> {
  try {
    const frozen = JSON.parse(await readFile(place.frozen, "utf8")) as FrozenRun;
    if (frozen.format === 1) return frozen;
    throw new SyntaxError(`it has the format ${String(frozen.format)}`);
  } catch (error) {
    throw clusterErrors["run-unreadable"]({ file: place.frozen, reason: wordsOf(error) }, { cause: error });
  }
}

export async function writeFrozen(place: RunFolder, frozen: FrozenRun): Promise<void> {
  await mkdir(place.path, { recursive: true, mode: 0o700 });
  await writeDurably(place.frozen, `${JSON.stringify(frozen)}\n`);
}

/** The run that has begun and has neither come to its end nor been abandoned: there is at most one. */
export async function openRun(folder: ClusterFolder): Promise<PastRun | undefined> {
  const name = await readFile(pointer(folder), "utf8").catch(() => "");
  if (name === "") return undefined;
  const place = runFolder(folder, name.trim());
  // Killed before the first line of its journal: nothing was done.
  if ((await stat(place.journal).catch(() => undefined)) === undefined) return undefined;
  const run = await readRun(folder, name.trim());
  const ended = run.record.ending?.result;
  return run.records.length === 0 || ended === "done" || ended === "abandoned" ? undefined : run;
}

/** Says which run is open. Written before anything of it is done. */
export async function markOpen(folder: ClusterFolder, run: string): Promise<void> {
  await writeDurably(pointer(folder), `${run}\n`);
}

export async function markClosed(folder: ClusterFolder): Promise<void> {
  await rm(pointer(folder), { force: true });
}

/** A run that never got further than its connections may be begun anew as well as resumed. @throws run-open */
export async function requireNoneOpen(folder: ClusterFolder): Promise<void> {
  const open = await openRun(folder);
  if (open === undefined || open.record.tasks().every(({ task }) => task.startsWith("connect:"))) return;
  const [first] = open.records;
  const operation = first?.event === "run-started" ? first.operation : "run";
  throw clusterErrors["run-open"]({ cluster: folder.cluster, run: open.folder.run, operation, reason: endingOf(open.record) });
}

function endingOf({ ending }: { readonly ending: { readonly result: string; readonly reason?: string } | undefined }): string {
  if (ending === undefined) return "it was killed";
  return ending.result === "cancelled" ? "it was cancelled" : `it has failed (${ending.reason ?? "see its journal"})`;
}

function pointer(folder: ClusterFolder): string {
  return join(folder.path, "open-run");
}
