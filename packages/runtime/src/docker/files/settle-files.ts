import { rename, rm, stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { Reload } from "@outrigger/plugin";
import type { Discovery, DiscoveryFile } from "@outrigger/pod";
import type { EngineContext } from "../client/context.ts";
import { execIn } from "../client/exec.ts";
import { hasCode, reasonOf } from "../client/refusal.ts";
import type { ReplicaKey } from "../pod/names.ts";
import type { ObservedContainer } from "../pod/observe.ts";
import { containerFolder, digestOf, hostPath, type RefusedText, readState, sourceOf, writeState } from "./kept-state.ts";
import { keptTexts, type TextSources } from "./kept-texts.ts";
import { readText, writeKept } from "./prepare-files.ts";
import { tellProcess } from "./reload.ts";

export interface Settlement extends TextSources {
  readonly context: EngineContext;
  readonly key: ReplicaKey;
  readonly container: ObservedContainer;
  readonly discovery: Discovery | undefined;
  readonly portOf: (port: number) => number;
}

/** What was refused, or not taken, in words; undefined where all is well. */
export interface Settled {
  /** New refusals of this attempt. */
  readonly refused?: string;
  /** Why a process could not be told; it is to be tried again. */
  readonly untold?: string;
}

// A check that takes longer hangs.
const patience = 30_000;

/**
 * Makes a container's kept files what they should be, and has its process take them. Killed at any moment, it can be done again: a reload is
 * noted as due before the text takes its place, and a text in place is not written twice.
 */
export async function settleFiles(settlement: Settlement): Promise<Settled> {
  const { context, key, container, discovery } = settlement;
  const folder = containerFolder(context.filesFolder, key, container.name);
  const [{ texts, censor }, before, address] = await Promise.all([
    keptTexts(discovery, settlement),
    readState(folder),
    settlement.address(),
  ]);
  const image = container.spec.image;
  const now = { revision: discovery?.revision ?? 0, at: new Date().toISOString() };
  const former = before === undefined ? now : { revision: before.revision, at: before.at };
  const refused: Record<string, RefusedText> = {};
  const news: string[] = [];
  let due = before?.due ?? [];
  let changed = due.length > 0;
  for (const kept of texts) {
    const { file } = kept;
    const path = hostPath(folder, container.spec, file.path);
    if (path === undefined) continue;
    // What is left of an attempt that was cut short.
    await rm(nextOf(path), { force: true });
    if ("text" in kept && (await readText(path)) === kept.text) continue;
    const digest = digestOf("text" in kept ? kept.text : kept.failure);
    const known = before?.image === image && before.refused[file.path]?.digest === digest ? before.refused[file.path] : undefined;
    const why = known?.reason ?? ("failure" in kept ? kept.failure : await tryText(settlement, file, path, kept.text));
    if (why === undefined) {
      due = withReload(due, file.reload);
      await writeState(folder, { ...former, source: "", image, refused: before?.refused ?? {}, due });
      await rename(nextOf(path), path);
      changed = true;
      continue;
    }
    const reason = known?.reason ?? `${file.path}: ${censor(why)}`;
    refused[file.path] = { digest, reason };
    if (known === undefined) news.push(reason);
  }
  // One that does not run reads the new texts when it starts.
  const left = container.state === "running" ? await tellAll(settlement, due) : { due: [] };
  const untold = left.failure === undefined ? undefined : censor(left.failure);
  const problems = [...Object.values(refused).map(({ reason }) => reason), ...(untold === undefined ? [] : [untold])];
  const isTaken = problems.length === 0 && (changed || former.revision !== now.revision);
  await writeState(folder, {
    ...(isTaken ? now : former),
    source: sourceOf(discovery, address),
    image,
    refused,
    due: left.due,
    ...(problems.length === 0 ? {} : { problem: problems.join("; ") }),
  });
  return { ...(news.length === 0 ? {} : { refused: news.join("; ") }), ...(untold === undefined ? {} : { untold }) };
}

function withReload(due: readonly Reload[], reload: Reload | undefined): readonly Reload[] {
  return reload === undefined || due.some((each) => isDeepStrictEqual(each, reload)) ? due : [...due, reload];
}

/** Where a text is tried before it counts. */
function nextOf(path: string): string {
  return `${path}.next`;
}

/** Writes a text beside its place; gives why the plug-in refuses it, or undefined: it may take its place. */
async function tryText({ context, container }: Settlement, file: DiscoveryFile, path: string, text: string): Promise<string | undefined> {
  const next = nextOf(path);
  const owner = await stat(path).catch(() => undefined);
  await writeKept(next, text, file.mode, owner?.uid);
  if (file.check === undefined || container.state !== "running") return undefined;
  const command = file.check.map((word) => word.replaceAll("{}", nextOf(file.path)));
  const signal = AbortSignal.timeout(patience);
  try {
    const { exitCode, lines } = await execIn(context.client, container.id, command, { signal, keep: 5 });
    if (exitCode === 0) return undefined;
    await rm(next, { force: true });
    return [`${command[0] ?? ""} ended with ${exitCode ?? "no exit code"}`, ...lines].join(": ");
  } catch (error) {
    await rm(next, { force: true });
    if (signal.aborted) return `the check did not end within ${patience / 1000} s`;
    if (hasCode(error, "container-refused")) return reasonOf(error);
    throw error;
  }
}

/** Tells the process of its new texts, by each of these ways once; gives those that are still due. */
async function tellAll(
  { context, container, address, portOf }: Settlement,
  due: readonly Reload[],
): Promise<{ readonly due: readonly Reload[]; readonly failure?: string }> {
  const target = { client: context.client, id: container.id, address: await address(), portOf };
  const failed: { readonly reload: Reload; readonly failure: string }[] = [];
  for (const reload of due) {
    const failure = await tellProcess(reload, target);
    if (failure !== undefined) failed.push({ reload, failure });
  }
  const [first] = failed;
  return { due: failed.map(({ reload }) => reload), ...(first === undefined ? {} : { failure: first.failure }) };
}
