import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HookFilter } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import type { PluginHook, RuntimeHook } from "./hook-record.ts";
import { asRuntimeHook, orderHooks } from "./order-hooks.ts";

/** A plug-in's hook for every container that its filter lets through. */
export interface DirectoryHook extends PluginHook {
  readonly filter?: HookFilter;
}

/** One file of a hooks.d directory (oci-hooks(5), version 1.0.0). */
interface HookFile {
  readonly version: "1.0.0";
  readonly hook: RuntimeHook;
  readonly when: { readonly always: true };
  readonly stages: readonly [string];
}

const prefix = "outrigger-";

/**
 * Writes a hooks.d directory for Podman and CRI-O: a file for each hook, named so that higher priorities come first. Files of an earlier call go; others stay.
 * Both tools lay the network before the first hook runs, and match containers by annotations and commands alone.
 * @throws hooks-directory-impossible for a hook that wants to run before the network, or a plug-in that wants some containers only; nothing is written then
 * @returns the names of the files
 */
export async function writeHooksDirectory(folder: string, hooks: readonly DirectoryHook[]): Promise<readonly string[]> {
  const files = hooksDirectory(hooks);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const [name, file] of files) {
    await writeFile(join(folder, `${name}.part`), `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o644 });
    await rename(join(folder, `${name}.part`), join(folder, name));
  }
  for (const name of await readdir(folder)) if (name.startsWith(prefix) && !files.has(name)) await rm(join(folder, name));
  return [...files.keys()];
}

/** @throws hooks-directory-impossible, oci-hook-invalid */
export function hooksDirectory(hooks: readonly DirectoryHook[]): ReadonlyMap<string, HookFile> {
  orderHooks(hooks, "prestart");
  const sorted = hooks.toSorted((one, other) => other.hook.priority - one.hook.priority);
  return new Map(sorted.map((entry, place) => [nameOf(entry, place), fileOf(entry)]));
}

function nameOf({ plugin }: DirectoryHook, place: number): string {
  return `${prefix}${String(place).padStart(4, "0")}-${plugin}.json`;
}

function fileOf({ plugin, hook, filter = {} }: DirectoryHook): HookFile {
  const impossible = (reason: string): never => {
    throw engineErrors["hooks-directory-impossible"]({ plugin, reason });
  };
  if (filter.images !== undefined || filter.labels !== undefined) impossible("it wants containers of some images or labels only");
  if (hook.stage === undefined && hook.priority > 0) impossible("it has a hook that runs before the network");
  return { version: "1.0.0", hook: asRuntimeHook(hook), when: { always: true }, stages: [hook.stage ?? "prestart"] };
}
