import type { TestContext } from "node:test";

/** An engine and a gateway before it. */
export interface Stand {
  /** The gateway, as DOCKER_HOST has it. */
  readonly host: string;
  /** The gateway's socket. */
  readonly path: string;
  /** The engine's own socket. */
  readonly engine: string;
}

/** How a suite gets its gateway; `label` is part of the tests' names. */
export interface StandMaker {
  readonly label: string;
  /** Plug-ins read all bodies: answers can come in another framing, and bodies that are none are refused by the gateway itself. */
  readonly readsBodies?: boolean;
  readonly start: (context: TestContext) => Promise<Stand>;
}
