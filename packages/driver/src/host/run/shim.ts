import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { driverErrors } from "../../errors.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";

/**
 * A shell that outlives the host: it says who it is, runs the OCI runtime in the foreground, and writes down how that ended.
 * Its arguments are the folder for these notes and the command.
 */
const script = [
  "folder=$1; shift",
  "read -r line < /proc/$$/stat",
  // The twentieth after the program's name is the start time.
  "started=$(set -- ${line##*) }; shift 19; echo $1)",
  "read -r boot < /proc/sys/kernel/random/boot_id",
  'echo "$$ $started $boot" > "$folder/shim"',
  '"$@"',
  'echo $? > "$folder/exit"',
].join("\n");

/** A driver's run, ours or one that a host before us began. */
export interface Run {
  readonly shim: ProcessIdentity;
  /** How it ended: the exit code, or undefined where nobody could write it down. */
  readonly ended: Promise<number | undefined>;
}

/** Runs a command under a shim; its output is added to `log`. @throws driver-cannot-start */
export async function startShim(folder: string, command: readonly string[], log: string): Promise<Run> {
  for (const note of ["shim", "exit"]) rmSync(join(folder, note), { force: true });
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, "a", 0o600);
  const child = spawn("/bin/sh", ["-c", script, "outrigger-driver", folder, ...command], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", output, output],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  closeSync(output);
  child.unref();
  const exited = once(child, "exit").catch(() => {});
  for (let tries = 0; tries < 500; tries += 1) {
    const shim = readShim(folder);
    if (shim !== undefined) return { shim, ended: exited.then(() => readExit(folder)) };
    if (child.exitCode !== null) break;
    await sleep(10);
  }
  throw driverErrors["driver-cannot-start"]({ reason: "its keeper, /bin/sh, does not start" });
}

/** The run that a host before us began, if it goes on. */
export function adoptShim(folder: string): Run | undefined {
  const shim = livingShim(folder);
  if (shim === undefined) return undefined;
  const ending = async (): Promise<number | undefined> => {
    while (isAlive(shim)) await sleep(200, undefined, { ref: false });
    return readExit(folder);
  };
  return { shim, ended: ending() };
}

/** Who keeps the driver, while it runs. */
export function livingShim(folder: string): ProcessIdentity | undefined {
  const shim = readShim(folder);
  return shim !== undefined && isAlive(shim) ? shim : undefined;
}

/** The exit code of the last run that ended, whether or not a host was there to see it. */
export function readExit(folder: string): number | undefined {
  const text = readNote(folder, "exit");
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The driver's own first process, as the OCI runtime wrote it down. */
export function driverPid(folder: string): number | undefined {
  const text = readNote(folder, "pid");
  return text !== undefined && /^\d+$/.test(text) && livingShim(folder) !== undefined ? Number(text) : undefined;
}

function readShim(folder: string): ProcessIdentity | undefined {
  const [, pid, started, boot] = /^(\d+) (\d+) (\S+)$/.exec(readNote(folder, "shim") ?? "") ?? [];
  if (pid === undefined || started === undefined || boot !== bootId()) return undefined;
  return { pid: Number(pid), started };
}

/** Numbers and start times of processes come again after the machine has started anew. */
function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function readNote(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), "utf8").trim();
  } catch {
    return undefined;
  }
}
