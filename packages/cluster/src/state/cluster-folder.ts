import { readdir, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { clusterErrors } from "../errors.ts";

/** Where one cluster's things are on this machine. */
export interface ClusterFolder {
  readonly cluster: string;
  readonly path: string;
  /** What the cluster is ({@link ClusterState}). */
  readonly state: string;
  /** Host keys, in OpenSSH's format. */
  readonly knownHosts: string;
  /** A folder for each run. */
  readonly runs: string;
  readonly lock: string;
}

/** Where clusters are kept: OUTRIGGER_CLUSTERS, else in the user's data folder (XDG Base Directory Specification). */
export function clustersFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env["OUTRIGGER_CLUSTERS"] || join(env["XDG_DATA_HOME"] || join(homedir(), ".local/share"), "outrigger", "clusters");
}

/** @throws cluster-name-invalid: a name that is no DNS label never becomes a path */
export function clusterFolder(root: string, cluster: string): ClusterFolder {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(cluster)) throw clusterErrors["cluster-name-invalid"]({ name: cluster });
  const path = join(root, cluster);
  return {
    cluster,
    path,
    state: join(path, "cluster.json"),
    knownHosts: join(path, "known_hosts"),
    runs: join(path, "runs"),
    lock: join(path, "lock"),
  };
}

/** Names of the clusters that are known here: those that are up, and those with runs that have not come to an end. */
export async function clusterNames(root: string): Promise<readonly string[]> {
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const known = await Promise.all(
    names.map(async (name) => (await isFile(join(root, name, "cluster.json"))) || (await isFile(join(root, name, "open-run")))),
  );
  return names.filter((_, index) => known[index]).sort();
}

/** Forgets a cluster that is deleted; the records of its runs stay. */
export async function forgetCluster(folder: ClusterFolder): Promise<void> {
  await rm(folder.state, { force: true });
  await rm(folder.knownHosts, { force: true });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
