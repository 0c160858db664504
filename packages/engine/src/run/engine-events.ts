import { setTimeout as sleep } from "node:timers/promises";
import type { EngineClient } from "../gateway/engine-client.ts";

/** What the engine says of itself (GET /events), as far as the gateway listens. */
export interface EngineEvent {
  readonly type: string;
  readonly action: string;
  readonly id: string;
}

interface RawEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string };
}

const filters = JSON.stringify({ type: ["container", "image"], event: ["destroy", "pull"] });
const pause = 1_000;

/** Follows the engine's events until it is aborted, over its restarts. `connected` is called each time that the stream begins: what happened before is to be looked up. */
export async function followEvents(
  engine: Pick<EngineClient, "stream">,
  signal: AbortSignal,
  on: {
    readonly connected: () => Promise<void>;
    readonly event: (event: EngineEvent) => Promise<void>;
    readonly failed: (error: unknown) => void;
  },
): Promise<void> {
  while (!signal.aborted) {
    try {
      const stream = await engine.stream({ path: "/events", query: { filters }, signal });
      await on.connected();
      for await (const { Type = "", Action = "", Actor } of lines(stream)) {
        await on.event({ type: Type, action: Action, id: Actor?.ID ?? "" }).catch(on.failed);
      }
    } catch (error) {
      if (signal.aborted) return;
      on.failed(error);
    }
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

async function* lines(stream: AsyncIterable<Buffer>): AsyncIterable<RawEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const text of parts) if (text.trim() !== "") yield JSON.parse(text) as RawEvent;
  }
}
