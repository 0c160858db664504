import type { PlainProblem, Problem } from "@outrigger/plugin";
import { askType } from "./ask-type.ts";
import { builtInTaken, codeProblem, consentMissing, placed } from "./code-problem.ts";
import { declaredTypes } from "./declared-types.ts";
import { findCode } from "./find-code.ts";
import { linksOut } from "./links-out.ts";
import { type BroughtPlugin, type FoundType, mayUseMachine, type PluginCode } from "./plugin-code.ts";
import type { PluginPrograms } from "./plugin-programs.ts";

export interface DiscoveryOptions {
  /** All plug-ins; merged ones, or documents with their `given` fields. */
  readonly plugins: readonly BroughtPlugin[];
  /** Names of built-in types, e.g. the keys of the map of them. */
  readonly builtIns: Iterable<string>;
  /** The image's plug-ins on this machine: `ClusterImage.pluginFolder()`. */
  readonly imageFolder?: string;
  /** Plug-ins of the image that a person lets do what they want on this machine (`--grant`). */
  readonly grants?: readonly string[];
  readonly programs: PluginPrograms;
}

export interface Discovery {
  readonly types: readonly FoundType[];
  /** Each at its document. With any, nothing should run. */
  readonly problems: readonly Problem[];
}

interface Located {
  readonly plugin: BroughtPlugin;
  readonly code: PluginCode;
}

/**
 * Finds the code of all types that are not built in, starts each once, held as it will be, and asks who it is and what it says of its plug-ins' data
 * (told by the type's `check`). Nothing is thrown for bad documents or code.
 */
export async function discoverTypes({ plugins, builtIns, imageFolder, grants = [], programs }: DiscoveryOptions): Promise<Discovery> {
  const taken = new Set(builtIns);
  const problems: Problem[] = [];
  const note = (plugin: BroughtPlugin, problem: PlainProblem): void => void problems.push(placed(plugin, problem));
  const wanted = plugins.filter(({ disabled }) => disabled !== true);
  for (const plugin of wanted) {
    if (plugin.privileges?.includes("local") === true && !mayUseMachine(plugin, grants)) note(plugin, consentMissing(plugin));
    if (taken.has(plugin.type) && plugin.entry !== undefined) note(plugin, builtInTaken(plugin.type, plugin.entry.path));
  }
  const located = await locate(
    wanted.filter(({ type }) => !taken.has(type)),
    imageFolder,
    note,
  );
  for (const [folder, [first]] of Map.groupBy(located, ({ code }) => code.folder)) {
    const twin = (await declaredTypes(folder)).find(({ type }) => taken.has(type));
    if (twin !== undefined && first !== undefined) note(first.plugin, builtInTaken(twin.type, twin.path));
  }
  const types: FoundType[] = [];
  for (const [type, [first, ...others]] of Map.groupBy(located, ({ plugin }) => plugin.type)) {
    if (first === undefined) continue;
    const other = others.find(({ code }) => code.path !== first.code.path);
    if (other !== undefined) {
      const message = `The type ${type} has two codes: ${first.code.path} and ${other.code.path}.`;
      const hint = "Give one of them another type, or name the one that is meant as `spec.entry` in both documents.";
      note(other.plugin, codeProblem(other.plugin, "conflict", message, hint));
      continue;
    }
    const users = [first.plugin, ...others.map(({ plugin }) => plugin)] as const;
    const answer = await askType({ type, code: first.code, users, grants, programs });
    if ("dataProblems" in answer) types.push(answer);
    else note(first.plugin, answer);
  }
  return { types, problems };
}

async function locate(
  plugins: readonly BroughtPlugin[],
  imageFolder: string | undefined,
  note: (plugin: BroughtPlugin, problem: PlainProblem) => void,
): Promise<readonly Located[]> {
  const located: Located[] = [];
  const out = imageFolder === undefined ? undefined : await linksOut(imageFolder);
  for (const plugin of plugins) {
    const search = await findCode(plugin, imageFolder);
    if ("wrong" in search) note(plugin, codeProblem(plugin, "unknown-reference", search.wrong, search.hint));
    else if (search.code.fromImage && out !== undefined) {
      note(plugin, codeProblem(plugin, "wrong-value", out, "Put the files themselves into `plugins/`."));
    } else located.push({ plugin, code: search.code });
  }
  return located;
}
