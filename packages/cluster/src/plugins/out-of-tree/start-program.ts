import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { chownSync, closeSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { cleanEnvironment, confined, endedWithStarter, isRoot, nodeRunner, pluginUser } from "@outrigger/sdk/process";
import { clusterErrors } from "../../errors.ts";
import { isolation, nodeGuardsNetwork } from "./isolation.ts";
import type { PluginCode } from "./plugin-code.ts";
import { reachableCode } from "./reachable-code.ts";

export interface ProgramLaunch {
  /** Of the plug-in. */
  readonly name: string;
  readonly code: PluginCode;
  /** It may use this machine as the runner itself may: files, network, programs. */
  readonly local: boolean;
  /** Bytes of memory. */
  readonly memory: number;
}

/** Folders of a runner's own. */
export interface ProgramPlaces {
  /** For this run of the runner; others can go through it. */
  readonly run: string;
  /** Keeps which users plug-ins have. */
  readonly state: string;
}

/**
 * Starts a plug-in's code with no more than it may have.
 *
 * Without `local`: no network and no other processes in sight; a module under Node's permission model, with its own folder to read; as root, a user of its own.
 * @throws confinement-impossible for an image's or a package's code that could not be held so
 */
export async function startProgram(launch: ProgramLaunch, places: ProgramPlaces): Promise<ChildProcessWithoutNullStreams> {
  const { name, code, local } = launch;
  const user = isRoot() && !local ? pluginUser(places.state, `cluster/${name}`) : undefined;
  const apart = local ? [] : await isolation();
  const held = code.kind === "module" ? apart.length > 0 || nodeGuardsNetwork() : apart.length > 0 && user !== undefined;
  if (!local && !held && (code.fromImage || code.fromPackage))
    throw clusterErrors["confinement-impossible"]({ plugin: name, path: code.path });
  const home = local ? homedir() : ownFolder(places.run, user);
  const reached = user === undefined ? code : await reachableCode(code, places.run);
  const node = code.kind === "module" ? await nodeRunner("@outrigger/sdk/run-cluster-plugin", user, places.run) : undefined;
  const program =
    node === undefined
      ? [reached.path]
      : [node.program, ...nodeWords(launch, [reached.folder, ...node.folders]), node.runner, reached.path];
  const inner = confined(program, user);
  const [first, ...rest] = apart.length === 0 ? inner : endedWithStarter([...apart, ...inner]);
  const child = spawn(first, rest, {
    cwd: dirname(reached.path),
    env: { ...cleanEnvironment(home), TMPDIR: local ? "/tmp" : home },
    detached: true, // a process group of its own, which can be ended as one
    stdio: ["pipe", "pipe", "pipe", ...(node?.descriptor === undefined ? [] : [node.descriptor])],
  });
  if (node?.descriptor !== undefined) closeSync(node.descriptor);
  return child as ChildProcessWithoutNullStreams;
}

let homes = 0;

function ownFolder(run: string, user: number | undefined): string {
  homes += 1;
  const folder = join(run, `home-${homes}`);
  mkdirSync(folder, { mode: 0o700 });
  if (user !== undefined) chownSync(folder, user, user);
  return folder;
}

function nodeWords({ local, memory }: ProgramLaunch, folders: readonly string[]): readonly string[] {
  // V8 collects garbage when its heap is full, which must be before the process has all of its memory: Node itself takes some 60 MiB.
  const heap = `--max-old-space-size=${Math.max(24, Math.floor(memory / 2 / 1024 / 1024))}`;
  const permissions = local ? [] : ["--permission", ...folders.map((folder) => `--allow-fs-read=${folder}/*`)];
  return ["--no-warnings", heap, "--max-semi-space-size=8", ...permissions];
}
