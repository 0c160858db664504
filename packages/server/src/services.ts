import type { DiscoveryPorts } from "@outrigger/pod";
import type { ImageBuilder, PodRuntime } from "@outrigger/runtime";
import type { Logger } from "pino";
import type { Bell } from "./bell.ts";
import type { BuildQueue } from "./builds/queue.ts";
import type { BuildRecords } from "./builds/records.ts";
import type { DiscoveryHub } from "./discovery/hub.ts";
import type { EventLog } from "./events.ts";
import type { Reconciler } from "./reconciler.ts";
import type { Vault } from "./secrets.ts";
import type { Database } from "./store/database.ts";

/** The parts of a running server, as its requests and its background work use them. */
export interface Services {
  /** The name that marks this server's things on the engine. */
  readonly owner: string;
  readonly db: Database;
  readonly vault: Vault;
  readonly bell: Bell;
  readonly events: EventLog;
  readonly runtime: PodRuntime;
  readonly images: ImageBuilder;
  readonly reconciler: Reconciler;
  readonly hub: DiscoveryHub;
  readonly discoveryPorts: DiscoveryPorts;
  readonly builds: BuildQueue;
  readonly records: BuildRecords;
  readonly limits: Limits;
  readonly uploads: string;
  readonly clock: () => Date;
  readonly log: Logger;
  /** Aborts when the server shuts down. */
  readonly stopping: AbortSignal;
}

/** What a server takes on. */
export interface Limits {
  /** Builds at once. */
  readonly concurrentBuilds: number;
  /** Builds that may wait. */
  readonly queuedBuilds: number;
  readonly buildSeconds: number;
  /** Size of a build's context. */
  readonly contextBytes: number;
  /** Git repositories on the server's own disk; only where everyone who may build may also read that disk. */
  readonly localGit: boolean;
}

export const defaultLimits: Limits = {
  concurrentBuilds: 2,
  queuedBuilds: 50,
  buildSeconds: 1800,
  contextBytes: 512 * 1024 * 1024,
  localGit: false,
};
