import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { clusterErrors } from "../errors.ts";
import type { ClusterFolder } from "./cluster-folder.ts";

/**
 * Takes a cluster for this process, so that no other works on it at the same time.
 *
 * @param work for the other one's message: `join`, `resume`
 * @returns what gives it back
 * @throws cluster-busy with the process that has it
 */
export function lockCluster(folder: ClusterFolder, work: string): () => void {
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
  const unlock = tryLock(folder);
  if (unlock === undefined) throw clusterErrors["cluster-busy"]({ cluster: folder.cluster, holder: holderOf(folder) });
  writeFileSync(`${folder.lock}.holder`, `${work} of process ${process.pid}`, { mode: 0o600 });
  return unlock;
}

/** Does some process work on the cluster now? */
export function isLocked(folder: ClusterFolder): boolean {
  if (statSync(folder.lock, { throwIfNoEntry: false }) === undefined) return false;
  const unlock = tryLock(folder);
  unlock?.();
  return unlock === undefined;
}

function tryLock(folder: ClusterFolder): (() => void) | undefined {
  // SQLite's lock on a file goes when its process does, however it ends; a file with a process id would stay.
  const lock = new DatabaseSync(folder.lock);
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return () => lock.close();
  } catch {
    lock.close();
    return undefined;
  }
}

function holderOf(folder: ClusterFolder): string {
  try {
    return readFileSync(`${folder.lock}.holder`, "utf8");
  } catch {
    return "another process";
  }
}
