import { formatTarget } from "../files/targets.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import { formatOrigin } from "../model/origin.ts";
import type { Entry, Plan, Task } from "./plan.ts";

/**
 * A plan as `-o json` gives it: a stable shape, fields are only ever added. Holds no secrets, since a plan's scripts and digests hold none and of hosts
 * only what identifies them is told.
 */
export interface PlanDocument {
  readonly operation: string;
  readonly cluster: string;
  readonly image: { readonly reference: string; readonly digest: string };
  readonly rootfs: string;
  readonly master0: string;
  readonly hosts: readonly { readonly ip: string; readonly roles: readonly string[]; readonly labels: Readonly<Record<string, string>> }[];
  readonly touched: readonly string[];
  readonly stages: readonly StageDocument[];
  readonly disabled: readonly { readonly name: string; readonly type: string; readonly origin: string }[];
  readonly warnings: readonly string[];
}

export interface StageDocument {
  readonly kind: "phase" | "step";
  readonly name: string;
  readonly entries: readonly EntryDocument[];
}

export interface EntryDocument {
  /** A plug-in's name; a step's part, e.g. `scripts/init.sh`. */
  readonly name: string;
  /** Of a plug-in. */
  readonly plugin?: {
    readonly type: string;
    readonly origin: string;
    readonly overrides?: string;
    /** What it builds on; `digest` for one of a registry or the local store. */
    readonly package?: { readonly reference: string; readonly digest?: string };
    readonly targets: readonly string[];
    readonly onFailure: string;
    readonly retries: number;
    readonly run: string;
  };
  /** Where: for a plug-in the hosts that its targets mean, for a step those of its tasks. */
  readonly hosts: readonly string[];
  /** Label selectors that the Kubernetes API answers when the entry begins. */
  readonly lateSelectors?: readonly string[];
  /** Seconds for each attempt of each task. */
  readonly timeout: number;
  /** Hosts at once; absent: the operation's limit. */
  readonly parallel?: number;
  readonly tasks: readonly TaskDocument[];
}

export interface TaskDocument {
  readonly id: string;
  readonly host: string;
  readonly digest: string;
  readonly script?: {
    readonly text: string;
    readonly env: Readonly<Record<string, string>>;
    readonly workingDirectory?: string;
    readonly strict: boolean;
  };
}

export function planDocument(plan: Plan): PlanDocument {
  const { operation, cluster, image, rootfs, master0, touched, warnings } = plan;
  return {
    operation,
    cluster,
    image,
    rootfs,
    master0,
    hosts: plan.hosts.map(({ ip, roles, labels }) => ({ ip, roles, labels })),
    touched,
    stages: plan.stages.map((stage) => ({
      kind: "phase" in stage ? "phase" : "step",
      name: "phase" in stage ? stage.phase : stage.step,
      entries: stage.entries.map(entryDocument),
    })),
    disabled: plan.disabled.map(({ name, type, origin }) => ({ name, type, origin: formatOrigin(origin) })),
    warnings,
  };
}

function entryDocument(entry: Entry): EntryDocument {
  const common = { ...(entry.parallel === undefined ? {} : { parallel: entry.parallel }), tasks: entry.tasks.map(taskDocument) };
  if (!("plugin" in entry)) {
    return { name: entry.name, hosts: [...new Set(entry.tasks.map(({ host }) => host))], timeout: entry.timeout, ...common };
  }
  return {
    name: entry.plugin.name,
    plugin: pluginDocument(entry.plugin),
    hosts: entry.hosts,
    ...(entry.lateSelectors.length === 0 ? {} : { lateSelectors: entry.lateSelectors }),
    timeout: entry.plugin.timeout,
    ...common,
  };
}

function pluginDocument({
  type,
  origin,
  overrides,
  base,
  package: reference,
  targets,
  onFailure,
  retries,
  run,
}: ClusterPlugin): NonNullable<EntryDocument["plugin"]> {
  return {
    type,
    origin: formatOrigin(origin),
    ...(overrides === undefined ? {} : { overrides: formatOrigin(overrides) }),
    ...(reference === undefined ? {} : { package: { reference, ...(base?.from === "package" ? { digest: base.digest } : {}) } }),
    targets: targets.map(formatTarget),
    onFailure,
    retries,
    run,
  };
}

function taskDocument({ id, host, digest, script }: Task): TaskDocument {
  if (script === undefined) return { id, host, digest };
  const { text, env, workingDirectory, strict } = script;
  return { id, host, digest, script: { text, env, ...(workingDirectory === undefined ? {} : { workingDirectory }), strict } };
}
