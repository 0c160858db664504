import type { RuntimeOptions } from "../runtime.ts";
import type { DockerClient } from "./client.ts";

/** What everything that works on the engine for one owner needs. */
export interface EngineContext {
  readonly client: DockerClient;
  readonly owner: string;
  readonly secret: RuntimeOptions["secret"];
  readonly credentials: RuntimeOptions["credentials"];
  /** The engine's name for its machine. */
  readonly nodeName: () => Promise<string>;
}
