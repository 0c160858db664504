import type { Probe } from "./probe.ts";

/** MUST: without it an engine fails, loses something or waits. SHOULD: an engine goes on, with a loss for its users. */
export type Level = "MUST" | "SHOULD";

export type Suite = "activation" | "http" | "volume" | "network" | "ipam" | "authz" | "log" | "metrics" | "lifecycle";

/** One question to a driver. */
export interface Check {
  /** `volume.create-idempotent`: the suite and what is asked. */
  readonly id: string;
  readonly level: Level;
  /** What holds when it passes, one sentence. */
  readonly title: string;
  /** What dockerd does that makes it matter, with the engine's versions where they differ. */
  readonly because: string;
  /** How drivers that fail are mended. */
  readonly mend: string;
  /** The check that has to hold for this one to be asked. */
  readonly needs?: string;
  readonly run: (probe: Probe) => Promise<void>;
}
