import type { RuntimeOptions } from "../../runtime.ts";
import type { NetworkTeller } from "../pod/networks.ts";
import type { DockerClient } from "./client.ts";

/** What everything that works on the engine for one owner needs. */
export interface EngineContext {
  readonly client: DockerClient;
  readonly owner: string;
  readonly secret: RuntimeOptions["secret"];
  readonly credentials: RuntimeOptions["credentials"];
  readonly filesFolder: string;
  readonly networks: NetworkTeller;
  /** The engine's name for its machine. */
  readonly nodeName: () => Promise<string>;
  /** Does the work, or joins the same work (by its name) where it is being done already. */
  readonly once: (name: string, work: () => Promise<void>) => Promise<void>;
}

/** See {@link EngineContext.once}. */
export function createOnce(): EngineContext["once"] {
  const running = new Map<string, Promise<void>>();
  return (name, work) => {
    const joined = running.get(name);
    if (joined !== undefined) return joined;
    const own = work().finally(() => running.delete(name));
    running.set(name, own);
    return own;
  };
}
