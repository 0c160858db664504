import { execFile } from "node:child_process";
import { constants } from "node:os";
import { promisify } from "node:util";
import { endedWithStarter, endingOf, isRoot } from "@outrigger/sdk/process";

const unshare = "/usr/bin/unshare";

/** A shell that starts a command, holds none of its streams open, and ends with its status. */
const waiter: readonly string[] = ["/bin/sh", "-c", 'exec 9<&0; "$@" <&9 9<&- & exec 9<&- 0<&- 1>&- 2>&-; wait $!', "sh"];

let found: Promise<readonly string[]> | undefined;

/**
 * The words before a command that give it a network without any way out and processes of its own, which end with it (unshare, util-linux).
 * Empty where the kernel does not allow it, e.g. in containers, or without user namespaces for others than root.
 */
export function isolation(): Promise<readonly string[]> {
  const apart = [unshare, ...(isRoot() ? [] : ["--user", "--map-current-user"]), "--net", "--ipc", "--pid", "--"];
  // One shell outside of the new namespace, which is told how its child ended; one as its first process, since that would be deaf to most signals.
  found ??= tryOut([...apart, ...waiter, ...endedWithStarter(waiter)]);
  return found;
}

async function tryOut([program = "", ...words]: readonly string[]): Promise<readonly string[]> {
  return promisify(execFile)(program, [...words, "/bin/true"]).then(
    () => [program, ...words],
    () => [],
  );
}

/** How a program ended that was isolated so: a status above 128 stands for a signal. */
export function endingBehindShell(code: number | null, signal: NodeJS.Signals | null): string {
  const name = code !== null && code > 128 ? Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0] : undefined;
  return name === undefined ? endingOf(code, signal) : endingOf(null, name as NodeJS.Signals);
}

/** True where Node's own permissions keep a module from the network (Node 25 and newer). */
export function nodeGuardsNetwork(): boolean {
  return process.allowedNodeEnvironmentFlags.has("--allow-net");
}
