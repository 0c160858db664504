import type { PhaseName } from "@outrigger/plugin";
import type { ClusterFacts, ClusterHost } from "./cluster-context.ts";
import type { KubernetesRequest } from "./kubernetes-client.ts";

/**
 * The protocol between the runner and a cluster plug-in in its own process: JSON-RPC 2.0, one message a line, UTF-8, at most 16 MiB a line; the runner writes to
 * the plug-in's stdin and reads its stdout. What the plug-in writes to stderr is its log. Both sides ask:
 *
 * runner -> plug-in: `hello` {@link HelloParams} -> {@link HelloResult}; `validate` {@link ValidateParams} -> {@link ValidateResult};
 * `run`, `undo` {@link CallParams} -> `{}`; and the notification `cancel` `{ id }` when a call's time is
 * over or the run is cancelled, after which the call has 5 s to end.
 *
 * plug-in -> runner, during a call: `exec` {@link ExecParams} -> ExecOutput; `kubernetes` {@link KubernetesRequest} -> KubernetesAnswer; and the notification
 * `log` {@link LogParams}.
 *
 * An error answer (`code`, `message`) is the plug-in's failure. Closing stdin asks the plug-in to end.
 */
export const clusterProtocol = 1;

export interface HelloParams {
  /** The newest version that the runner speaks; the plug-in answers with the newest it speaks that is not above it. */
  readonly protocol: number;
  readonly runner: string;
}

export interface HelloResult {
  readonly protocol: number;
  readonly type: string;
  readonly validate: boolean;
  readonly undo: boolean;
}

export interface ValidateParams {
  readonly data: unknown;
}

export interface ValidateResult {
  readonly problems: readonly string[];
}

export interface CallParams {
  readonly name: string;
  readonly phase: PhaseName;
  readonly run: string;
  readonly cluster: ClusterFacts;
  readonly hosts: readonly ClusterHost[];
  readonly data: unknown;
  readonly values: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Milliseconds left. */
  readonly timeout: number;
}

export interface ExecParams {
  readonly host: string;
  readonly script: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeout?: number;
  readonly workingDirectory?: string;
}

export interface LogParams {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}
