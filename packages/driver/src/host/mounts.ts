import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { wordsOf } from "@outrigger/plugin";
import { driverErrors } from "../errors.ts";

const exec = promisify(execFile);

/** Where something is mounted, the deepest last (proc_pid_mountinfo(5)). */
export function mountPoints(): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
}

/** Makes a folder one from which mounts reach this machine: a mount of itself, shared. @throws driver-cannot-start */
export async function shareFolder(path: string): Promise<void> {
  try {
    if (!mountPoints().includes(path)) await exec("mount", ["--bind", path, path]);
    await exec("mount", ["--make-rshared", path]);
  } catch (error) {
    throw driverErrors["driver-cannot-start"]({ reason: `${path} can't be shared: ${wordsOf(error)}` }, { cause: error });
  }
}

/** Takes every mount at and below a folder away. @throws driver-mounts-remain, since removing the folder would remove what lies behind them */
export async function unmountBelow(path: string, name: string): Promise<void> {
  const below = (): readonly string[] => mountPoints().filter((point) => point === path || point.startsWith(`${path}/`));
  for (const point of below().toReversed()) await exec("umount", ["--lazy", point]).catch(() => {});
  const left = below();
  if (left.length > 0) throw driverErrors["driver-mounts-remain"]({ name, mounts: left.join(", ") });
}
