import type { LogEntry } from "../log/log-entry.ts";
import type { CallContext, MaybePromise } from "./call-context.ts";

/** Whose log it is. */
export interface LogInfo {
  /** `docker run --log-opt KEY=VALUE`. */
  readonly config: Readonly<Record<string, string>>;
  readonly containerId: string;
  /** Without the leading slash. */
  readonly containerName: string;
  readonly containerEntrypoint: string;
  readonly containerArgs: readonly string[];
  readonly containerImageId: string;
  readonly containerImageName: string;
  readonly containerCreated?: Date;
  readonly containerEnv: readonly string[];
  readonly containerLabels: Readonly<Record<string, string>>;
  readonly daemonName: string;
}

/** What of a log is asked for (`docker logs`). */
export interface LogSelection {
  readonly since?: Date;
  readonly until?: Date;
  /** That many of the last entries; absent: all. */
  readonly tail?: number;
  /** Goes on with what comes, until the signal is aborted. */
  readonly follow: boolean;
}

/** Keeps containers' logs (`docker.logdriver/1.0`). */
export interface LogDriver {
  /**
   * Takes one container's entries from its start to its end; resolves when it has kept the last one.
   * What it throws before it asks for the first entry makes the container's start fail.
   * An engine that reads the log of a container that has ended opens it once more, without entries.
   */
  open(info: LogInfo, entries: AsyncIterable<LogEntry>, context: CallContext): Promise<void>;
  /** Lines are given as they came, without their newline. Default: the engine reads logs from a copy of its own. */
  read?(info: LogInfo, selection: LogSelection, context: CallContext): AsyncIterable<LogEntry>;
  close?(): MaybePromise<void>;
}
