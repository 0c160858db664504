import type { PhaseName } from "@outrigger/plugin";
import type { ResolvedTargets } from "../files/targets.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import { cleaningPhases, type MomentFacts } from "../phases/moments.ts";
import { builtInTypes } from "../plugins/built-in/built-in-types.ts";
import type { CalledType, PluginType, ScriptedType } from "../plugins/plugin-type.ts";
import { digestOfValue } from "./digest.ts";
import type { PluginEntry, Task } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { hostVariables, rootfsOf } from "./step-scripts.ts";

/** Where a plug-in's turn comes. */
export interface PluginPlace {
  readonly input: PlanInput;
  readonly phase: PhaseName;
  readonly facts: MomentFacts;
  readonly master0: Host;
  /** By ip. */
  readonly hosts: ReadonlyMap<string, Host>;
}

/** Parts of digests that many tasks share, made once. */
export interface DigestParts {
  readonly plugin: (plugin: ClusterPlugin) => string;
  readonly host: (host: Host) => string;
  readonly text: (text: string) => string;
  readonly variables: (variables: Readonly<Record<string, string>>) => string;
}

export function digestParts(): DigestParts {
  return {
    plugin: once((plugin: ClusterPlugin) => digestOfValue(pluginWork(plugin))),
    host: once(({ ip, roles, env, labels }: Host) => digestOfValue([ip, roles, env, labels])),
    text: once((text: string) => digestOfValue(text)),
    variables: once((variables: Readonly<Record<string, string>>) => digestOfValue(variables)),
  };
}

function once<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}

/** The fields of a plug-in that decide what it does, without those that say how often, for how long, what then, and where its code lies. */
function pluginWork({ name, type, data, values, template, privileges, strict }: ClusterPlugin): unknown {
  return { name, type, data, values, template, privileges, strict };
}

/** A plug-in at a phase. A type that is called has one task, one with scripts a task for each host that it has a script for. */
export function pluginEntry(
  plugin: ClusterPlugin,
  type: PluginType,
  targets: ResolvedTargets,
  place: PluginPlace,
  parts: DigestParts,
): PluginEntry {
  const hosts = targets.hosts.flatMap((ip) => place.hosts.get(ip) ?? []);
  const tasks =
    type.kind === "scripted"
      ? hosts.flatMap((host) => scriptedTask(plugin, type, host, place, parts) ?? [])
      : hosts.length === 0 && targets.lateSelectors.length === 0
        ? []
        : [calledTask(plugin, type, hosts, targets.lateSelectors, place, parts)];
  return { plugin, ...targets, tasks, ...(plugin.parallel === undefined ? {} : { parallel: plugin.parallel }) };
}

/** A plug-in's task on one host; none where it has nothing to do there. */
function scriptedTask(plugin: ClusterPlugin, type: ScriptedType, host: Host, place: PluginPlace, parts: DigestParts): Task | undefined {
  const { input, phase, facts, master0 } = place;
  // Master0 may have files before the others do; a plug-in would still have to do without them on some hosts, so it does on all.
  const rootfs = facts.rootfs === "none" ? undefined : rootfsOf(input);
  const made = type.script(plugin, { phase, host, hosts: input.cluster.hosts, ...(rootfs === undefined ? {} : { rootfs }) });
  if (made === undefined) return undefined;
  const own = { ...hostVariables(input.cluster.name, host, master0, rootfs), OUTRIGGER_PHASE: phase };
  const script = { ...made, env: { ...made.env, ...own }, skipWithoutDirectory: cleaningPhases.has(phase) };
  const id = `${phase}/${plugin.name}/${host.ip}`;
  const { text, workingDirectory, strict } = made;
  const whose = [parts.host(host), input.cluster.name, master0.ip, rootfs];
  const what = [parts.text(text), parts.variables(made.env), workingDirectory, strict];
  const decidedBy = [id, parts.plugin(plugin), codePart(plugin, type, place), ...whose, ...what];
  return { id, host: host.ip, script, digest: digestOfValue(decidedBy) };
}

function calledTask(
  plugin: ClusterPlugin,
  type: CalledType,
  hosts: readonly Host[],
  lateSelectors: readonly string[],
  place: PluginPlace,
  parts: DigestParts,
): Task {
  const id = `${place.phase}/${plugin.name}/-`;
  const decidedBy = [id, parts.plugin(plugin), codePart(plugin, type, place), hosts.map(parts.host), lateSelectors];
  return { id, host: "-", digest: digestOfValue(decidedBy) };
}

/** Code is another when its content is; code that an image brings, with another image. */
function codePart({ type: name, entry, origin, overrides }: ClusterPlugin, type: PluginType, { input }: PluginPlace): string {
  const content = type.kind === "called" ? type.codeDigest : undefined;
  if (content !== undefined && content !== "image") return content;
  const brought = content === "image" || [entry?.origin, origin, overrides].some((from) => from?.from === "image");
  const path = entry?.path ?? "";
  return builtInTypes.has(name) ? "" : brought ? `${input.image.digest} ${path}` : path;
}
