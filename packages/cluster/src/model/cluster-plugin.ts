import type { ClusterPrivilege, ConfigValues, PhaseName } from "@outrigger/plugin";
import type { Origin } from "./origin.ts";
import type { Target } from "./target.ts";

/** What happens when a plug-in has failed on a host after all its attempts. */
export type FailureRule = "abort" | "continue" | "undo";

/** When a plug-in runs again at a phase where it has run: at every operation, once in the cluster's life, or when what it does has changed. */
export type RunRule = "always" | "once" | "on-change";

/** A plug-in as it will run: of an image, of the Clusterfile, or both merged. */
export interface ClusterPlugin {
  /** `metadata.name`; unique in a cluster. */
  readonly name: string;
  /** A built-in type (SHELL, HOSTNAME, LABEL, TAINT, ETCD, CLUSTERCHECK) or one that a module or executable brings. */
  readonly type: string;
  readonly phases: readonly PhaseName[];
  /** Empty: the phase's own (see `phases` in packages/plugin). */
  readonly targets: readonly Target[];
  /** True: the targets were given as `scope`, which phases on master0 don't heed, as in Sealer 0.9. Ask {@link targetsAt}, not the fields. */
  readonly scoped: boolean;
  /** `spec.data` as the document has it: text for the built-in types, any JSON for others; absent if it has none. */
  readonly data?: unknown;
  /** Settings of a plug-in that has a plugin.yaml, checked against its config groups. */
  readonly values?: ConfigValues;
  /** Which of the values are `file:PATH` or `env:NAME` of a secret, read when the plug-in is called. */
  readonly secretValues?: readonly (readonly [group: string, item: string])[];
  /** True: `{{ .NAME }}` in the data is filled from the host's variables. Otherwise data stays as it is. */
  readonly template: boolean;
  /** The package whose plugin.yaml it builds on: an absolute folder on this machine, a folder in the image's rootfs, or a package's reference. */
  readonly package?: string;
  /** The module or executable of a type that is not built in: an absolute path on this machine, or a path in the image's rootfs. */
  readonly entry?: { readonly origin: Origin; readonly path: string };
  readonly privileges: readonly ClusterPrivilege[];
  /** Seconds for each attempt on each host. */
  readonly timeout: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Seconds between attempts, doubled each time up to a minute. */
  readonly retryDelay: number;
  readonly onFailure: FailureRule;
  /** A script that takes back what a SHELL plug-in did; plug-ins of other types have an undo of their own. */
  readonly undo?: string;
  readonly run: RunRule;
  /** False: a SHELL script runs as Sealer ran it, without `set -euo pipefail`. */
  readonly strict: boolean;
  /** Hosts at once; absent: the operation's limit. 1: one after the other. */
  readonly parallel?: number;
  readonly disabled: boolean;
  readonly origin: Origin;
  /** The image's document that the Clusterfile's overrides. */
  readonly overrides?: Origin;
  /** The plugin.yaml of the `package` that it builds on. */
  readonly base?: Origin;
}

/** Defaults of a plug-in's rules. */
export const usualRules: Pick<
  ClusterPlugin,
  "scoped" | "template" | "privileges" | "timeout" | "retries" | "retryDelay" | "onFailure" | "run" | "strict" | "disabled"
> = {
  scoped: false,
  template: false,
  privileges: [],
  timeout: 600,
  retries: 0,
  retryDelay: 5,
  onFailure: "abort",
  run: "always",
  strict: true,
  disabled: false,
};
