import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { driverErrors } from "../errors.ts";

/** Where the host keeps its drivers. */
export interface RootFolder {
  readonly path: string;
  /** An OCI image layout: manifests, configurations and layers as they were pulled. */
  readonly content: string;
  /** A folder for each driver, named by its id. */
  readonly drivers: string;
  /** Half-made things; emptied at every start. */
  readonly incoming: string;
  /** The OCI runtime's own state. */
  readonly runtime: string;
  readonly logs: string;
}

export function rootFolder(path: string): RootFolder {
  return {
    path,
    content: join(path, "content"),
    drivers: join(path, "plugins"),
    incoming: join(path, "incoming"),
    runtime: join(path, "runtime"),
    logs: join(path, "logs"),
  };
}

/** What belongs to one driver. */
export interface DriverFolder {
  readonly path: string;
  readonly record: string;
  /** Who uses its volumes and logs. */
  readonly uses: string;
  /** A folder for each version, with its root filesystem. */
  readonly versions: string;
  readonly propagated: string;
  /** The bundle, the driver's socket and what its keeper writes. Short, since a socket's path has room for 107 bytes. */
  readonly run: string;
  readonly sockets: string;
  readonly log: string;
}

export function driverFolder(root: RootFolder, id: string): DriverFolder {
  const path = join(root.drivers, id);
  const run = join(root.path, "run", id.slice(0, 12));
  return {
    path,
    record: join(path, "driver.json"),
    uses: join(path, "uses.json"),
    versions: join(path, "versions"),
    propagated: join(path, "propagated-mount"),
    run,
    sockets: join(run, "s"),
    log: join(root.logs, `${id}.log`),
  };
}

export function rootfsOf(folder: DriverFolder, version: string): string {
  return join(folder.versions, version, "rootfs");
}

const longestPath = 107;
const longestTail = "/run/0123456789ab/s/".length + 22;

/** Makes the folders, and empties what was half made. @throws root-unusable */
export async function prepareRoot(root: RootFolder): Promise<void> {
  if (Buffer.byteLength(root.path) + longestTail > longestPath)
    throw driverErrors["root-unusable"]({ root: root.path, reason: `the path is longer than ${longestPath - longestTail} bytes` });
  try {
    for (const folder of [root.path, root.drivers, root.runtime, root.logs, join(root.path, "run")])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await rm(root.incoming, { recursive: true, force: true });
    await mkdir(root.incoming, { mode: 0o700 });
  } catch (error) {
    throw driverErrors["root-unusable"](
      { root: root.path, reason: error instanceof Error ? error.message : String(error) },
      { cause: error },
    );
  }
}

/** The names in a folder; none where it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
