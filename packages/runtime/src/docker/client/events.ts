import { setTimeout as sleep } from "node:timers/promises";
import { delayAfter } from "@outrigger/plugin";
import { reconnectBackOff } from "../../back-off.ts";
import { keyFromLabels, label, type ReplicaKey } from "../pod/names.ts";
import type { DockerClient } from "./client.ts";
import { jsonLines } from "./streams.ts";
import type { EngineEvent } from "./types.ts";

export interface EventHandlers {
  readonly owner: string;
  /** The stream is open: everything may have changed while it was not. */
  readonly onConnected: () => void;
  /** The engine is away; told once for each outage. */
  readonly onLost: (error: unknown) => void;
  /** Something happened to a container of this pod. */
  readonly onPod: (key: ReplicaKey) => void;
  /** Something happened to a network of this name. */
  readonly onNetwork: (name: string) => void;
}

// Only what changes a pod's state: probes alone would make thousands of exec events an hour.
const filters = {
  type: ["container", "network"],
  event: ["die", "oom", "destroy", "start", "pause", "unpause", "disconnect"],
};

/** Follows the engine's events until the signal; connects again whenever the stream ends. Ends only by the signal, never fails. */
export async function followEvents(client: DockerClient, handlers: EventHandlers, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let lost = false;
  while (!signal.aborted) {
    try {
      const stream = await client.stream("GET", "/events", { query: { filters }, signal });
      [failures, lost] = [0, false];
      handlers.onConnected();
      for await (const event of jsonLines<EngineEvent>(stream)) dispatch(event, handlers);
    } catch (error) {
      if (signal.aborted) return;
      if (!lost) handlers.onLost(error);
      lost = true;
    }
    failures += 1;
    await sleep(delayAfter(failures, reconnectBackOff), undefined, { signal }).catch(() => {});
  }
}

function dispatch({ Type, Actor }: EngineEvent, handlers: EventHandlers): void {
  const { Attributes } = Actor;
  const key = Attributes[label.owner] === handlers.owner ? keyFromLabels(Attributes) : undefined;
  if (Type === "network") handlers.onNetwork(Attributes["name"] ?? "");
  else if (key !== undefined) handlers.onPod(key);
}
