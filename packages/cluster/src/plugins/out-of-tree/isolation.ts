import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isRoot } from "@outrigger/sdk/process";

const unshare = "/usr/bin/unshare";

let found: Promise<readonly string[]> | undefined;

/**
 * The words before a command that give it a network without any way out and processes of its own, which end with it (unshare, util-linux).
 * Empty where the kernel does not allow it, e.g. in containers, or without user namespaces for others than root.
 */
export function isolation(): Promise<readonly string[]> {
  found ??= tryOut([
    unshare,
    ...(isRoot() ? [] : ["--user", "--map-current-user"]),
    "--net",
    "--ipc",
    "--pid",
    "--fork",
    "--kill-child",
    "--",
  ]);
  return found;
}

async function tryOut([program = "", ...words]: readonly string[]): Promise<readonly string[]> {
  return promisify(execFile)(program, [...words, "/bin/true"]).then(
    () => [program, ...words],
    () => [],
  );
}

/** True where Node's own permissions keep a module from the network (Node 25 and newer). */
export function nodeGuardsNetwork(): boolean {
  return process.allowedNodeEnvironmentFlags.has("--allow-net");
}
