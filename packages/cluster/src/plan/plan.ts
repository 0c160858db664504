import type { PhaseName } from "@outrigger/plugin";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import type { Operation, StepName } from "../phases/timelines.ts";

/** A bash script for one host, complete. */
export interface HostScript {
  /** Sent on stdin, never on a command line. Holds no secret. */
  readonly text: string;
  /** Exported before the script; quoted when it is sent. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; absent before the rootfs is on the host. */
  readonly workingDirectory?: string;
  /** `set -euo pipefail` before the text. */
  readonly strict: boolean;
  /** The rootfs may be gone already (clean and uninstall phases): then the script is skipped and counts as done. */
  readonly skipWithoutDirectory: boolean;
}

/** One thing to do on one host, or once for the entry: what is done or not done, what the journal names, what `resume` skips. */
export interface Task {
  /**
   * `PHASE/PLUG-IN/HOST` or `STEP:PART/HOST`, e.g. `PostInstall/motd/10.0.0.1`, `PreGuest/labels/-`, `create:create.sh/10.0.0.1`; unique in a plan and the
   * same each time it is made. Tasks of the step `leave` name the host that leaves.
   */
  readonly id: string;
  /** The ip of the host where it is done, or `-` for what runs on this machine once. */
  readonly host: string;
  /** Absent: the runner knows what to do by the entry's name (connect, distribute, label, remove, commit, and plug-ins that are called). */
  readonly script?: HostScript;
  /** `sha256:...` of all that decides what it does, without secrets: an equal digest means that the same would happen again. */
  readonly digest: string;
}

interface EntryCommon {
  /** Run together, `parallel` at a time; an entry begins when the one before is through. */
  readonly tasks: readonly Task[];
  /** Hosts at once; absent: the operation's limit. */
  readonly parallel?: number;
}

/** A plug-in at a phase. */
export interface PluginEntry extends EntryCommon {
  readonly plugin: ClusterPlugin;
  /** The hosts that its targets mean here, by ip. */
  readonly hosts: readonly string[];
  /** Label selectors that only the Kubernetes API can answer, asked when the entry begins; their hosts join `hosts`. */
  readonly lateSelectors: readonly string[];
}

/** A part of a step, e.g. `join.sh` on the masters. */
export interface StepEntry extends EntryCommon {
  readonly step: StepName;
  /** For people: `scripts/init.sh`, `copy the rootfs`. */
  readonly name: string;
  /** Seconds for each task. */
  readonly timeout: number;
}

export type Entry = PluginEntry | StepEntry;

/** A moment of the timeline with what happens in it; phases without plug-ins stand in the plan too, without entries. */
export type Stage = ({ readonly phase: PhaseName } | { readonly step: StepName }) & {
  readonly entries: readonly Entry[];
};

/** What an operation does, in order: made without any connection, run as it is. */
export interface Plan {
  readonly operation: Operation;
  readonly cluster: string;
  /** Reference and digest of the image whose files and scripts it uses. */
  readonly image: { readonly reference: string; readonly digest: string };
  /** Where the image's files are on the hosts: absolute. */
  readonly rootfs: string;
  /** All hosts of the cluster after the operation, those that leave included. */
  readonly hosts: readonly Host[];
  /** Those that the operation touches, by ip: all, the joining, or the leaving. */
  readonly touched: readonly string[];
  readonly master0: string;
  readonly stages: readonly Stage[];
  /** Plug-ins that are switched off: they have no entries. */
  readonly disabled: readonly ClusterPlugin[];
  /**
   * `join-token.sh` on master0: gives the variables of `join.sh` once more. An entry of its own where hosts join a cluster that is there; otherwise only for a
   * run that goes on after what `create.sh` gave is forgotten. Absent where the image has none or nobody joins.
   */
  readonly joinToken?: HostScript;
  /** What a person should know before: one sentence each. */
  readonly warnings: readonly string[];
}
