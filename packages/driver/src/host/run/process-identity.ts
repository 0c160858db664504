import { readFileSync } from "node:fs";

/** A process that can't be mistaken for a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the machine started (proc(5), stat, field 22). */
  readonly started: string;
}

/** True while exactly this process runs. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  const fields = statOf(pid);
  return fields !== undefined && fields[0] !== "Z" && fields[0] !== "X" && fields[19] === started;
}

export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = statOf(pid)?.[19];
  return started === undefined ? undefined : { pid, started };
}

/** When it started, in milliseconds since 1970; the kernel counts in hundredths of a second. */
export function startTime({ started }: ProcessIdentity): number {
  const uptime = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
  return Math.round(Date.now() - uptime * 1000 + Number(started) * 10);
}

/** From the third field on: the second, a program's name, may hold anything. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
