import { existsSync } from "node:fs";
import { sdkErrors } from "../errors.ts";

const setpriv = "/usr/bin/setpriv";

/**
 * A program's command line with `setpriv` (util-linux) before it, which becomes the program: without new privileges, ended by the kernel when its starter ends,
 * and, with a user, as that user without groups and capabilities.
 * @throws program-missing: plug-ins don't run with more than they should
 */
export function confined(command: readonly string[], user: number | undefined): readonly [string, ...string[]] {
  if (!existsSync(setpriv)) throw sdkErrors["program-missing"]({ program: setpriv, reason: "there is no such file" });
  const identity = user === undefined ? [] : ["--reuid", String(user), "--regid", String(user), "--clear-groups", "--bounding-set=-all"];
  return [setpriv, ...identity, "--inh-caps=-all", "--no-new-privs", "--pdeathsig", "KILL", "--", ...command];
}

/** A program's command line with `setpriv` before it, so that the kernel ends the program when its starter ends. It keeps what it may do. */
export function endedWithStarter(command: readonly string[]): readonly [string, ...string[]] {
  return [setpriv, "--pdeathsig", "KILL", "--", ...command];
}

/** Variables that a plug-in's process starts with; none of its starter's own. */
export function cleanEnvironment(home: string): Readonly<Record<string, string>> {
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: home, LANG: "C.UTF-8" };
}

/** Ends a process with all of its group. Nothing happens when it is gone already. */
export function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** How a program ended, in words. */
export function endingOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `it ended with code ${code ?? "unknown"}` : `it was ended by ${signal}`;
}

/** True where this process may give others another user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
