import type { KubernetesClient } from "./kubernetes-client.ts";

/** A host as plug-ins see it: no way to reach it but {@link ClusterContext.exec}. */
export interface ClusterHost {
  readonly ip: string;
  readonly roles: readonly string[];
  /** True for the first master. */
  readonly master0: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ClusterFacts {
  readonly name: string;
  readonly image: string;
  /** `create`, `join`, `scale-down`, `upgrade`, `rollback`, `delete`, `apps`, or `run` when a plug-in is run by hand. */
  readonly operation: string;
  /** All hosts of the cluster. */
  readonly hosts: readonly ClusterHost[];
}

export interface ExecOptions {
  /** Exported before the script, quoted. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; absent: what is left of the plug-in's own time. */
  readonly timeout?: number;
  /** Absent: the cluster's rootfs on the host, where it is there. */
  readonly workingDirectory?: string;
}

export interface ExecOutput {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ClusterLogger {
  readonly debug: (text: string) => void;
  readonly info: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly error: (text: string) => void;
}

/** What a cluster plug-in works with during one call. */
export interface ClusterContext {
  /** `metadata.name` of the Plugin document. */
  readonly name: string;
  /** Names the run of the operation; the same when it is resumed. What `run` keeps for `undo` is kept under it. */
  readonly run: string;
  readonly cluster: ClusterFacts;
  /** The hosts of this call: those of the operation that the plug-in's targets mean. */
  readonly hosts: readonly ClusterHost[];
  /** `spec.data` of the document: text, or any JSON. */
  readonly data: unknown;
  /** Settings of the plug-in's plugin.yaml, `group.ITEM` as nested objects. */
  readonly values: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The cluster's API through master0. Needs the privilege `kubernetes:read` or `kubernetes:write`; fails in phases where there is no API. */
  readonly kubernetes: KubernetesClient;
  /**
   * Runs a bash script (`set -euo pipefail`) as root on a host. Another exit status than 0 is no error.
   * Needs the privilege `exec`, for hosts outside {@link hosts} `exec:all`.
   */
  readonly exec: (ip: string, script: string, options?: ExecOptions) => Promise<ExecOutput>;
  /** Lines come out with the plug-in's name before them, and go into the run's journal. */
  readonly log: ClusterLogger;
  /** When the call's time is over: milliseconds since 1970. */
  readonly deadline: number;
  /** Aborted at the deadline and when the run is cancelled. */
  readonly signal: AbortSignal;
}
