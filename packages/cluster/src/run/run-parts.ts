import type { PhaseName } from "@outrigger/plugin";
import type { FileTree } from "@outrigger/registry";
import type { KubernetesClient } from "@outrigger/sdk";
import type { Host } from "../model/host.ts";
import type { Operation } from "../phases/timelines.ts";
import type { Plan, PluginEntry, Task } from "../plan/plan.ts";
import type { PluginTypes } from "../plugins/plugin-type.ts";
import type { HostConnections, HostFacts } from "../ssh/host-connection.ts";
import type { Journal } from "./journal.ts";
import type { JournalEvent } from "./journal-events.ts";
import type { Report } from "./run-events.ts";
import type { RunRecord } from "./run-record.ts";
import type { Attempt } from "./run-task.ts";
import type { Secrets } from "./secrets.ts";

/** What the runner does itself, where it takes more than a script. */
export interface StepWork {
  /** The image's files for this host, with the cluster's Config documents applied. The same object for hosts that get the same. */
  readonly tree: (host: Host, facts: HostFacts) => Promise<FileTree>;
  /** Puts labels, taints and roles of the operation's hosts on their nodes. */
  readonly label: (kubernetes: KubernetesClient, attempt: Pick<Attempt, "log" | "signal">) => Promise<void>;
  /** Writes down, here and on the masters, what the cluster now is. */
  readonly commit: (signal: AbortSignal) => Promise<void>;
}

/** All that it takes to carry out a plan. */
export interface RunParts {
  /** Names the run: part of the keys of its scripts on the hosts. */
  readonly run: string;
  readonly plan: Plan;
  /** What plug-ins are told; `run` for one that is run by hand. */
  readonly operation: Operation | "run";
  /** The tasks of a plug-in on hosts that only the Kubernetes API could name. */
  readonly lateTasks: (phase: PhaseName, plugin: string, hosts: readonly string[]) => readonly Task[];
  readonly connections: HostConnections;
  readonly types: PluginTypes;
  /** The cluster's API. @param kubeconfig where create.sh says that it is */
  readonly kubernetes: (kubeconfig: string | undefined) => Promise<KubernetesClient>;
  readonly steps: StepWork;
  readonly journal: Journal;
  /** What the journal holds so far: empty, or what earlier runners of this run have done. */
  readonly record: RunRecord;
  /** Digests of plug-in tasks that earlier runs have done, by task id. */
  readonly ran: ReadonlyMap<string, string>;
  readonly secrets: Secrets;
  readonly report: Report;
  /** The run's folder, for logs. */
  readonly folder: string;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
  /** Hosts at once, where a plug-in doesn't say. */
  readonly limit: number;
}

/** A run under way. */
export interface Run extends RunParts {
  /** Into the journal, the record, and to whoever watches. */
  readonly note: (event: JournalEvent) => Promise<void>;
  /** What create.sh, leave.sh and join-token.sh have given: variables of later scripts. In memory only. */
  readonly outputs: Map<string, string>;
  /** Entries with hosts that only the Kubernetes API could name, as they were carried out, by the id of each task. */
  readonly late: Map<string, { readonly phase: PhaseName; readonly entry: PluginEntry }>;
  readonly host: (ip: string) => Host;
  /** True where an earlier runner has begun. */
  readonly isResumed: boolean;
}

export function beginRun(parts: RunParts): Run {
  const hosts = new Map(parts.plan.hosts.map((host) => [host.ip, host]));
  return {
    ...parts,
    outputs: new Map(),
    late: new Map(),
    isResumed: parts.record.tasks().length > 0,
    host: (ip) => hosts.get(ip) as Host,
    note: async (event) => {
      parts.record.add(event);
      await parts.journal.write(event);
      parts.report({ time: new Date().toISOString(), ...event });
    },
  };
}
