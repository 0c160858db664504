import type { HookId } from "@outrigger/plugin";
import type { CallFacts, PluginDescription, RouteRequest, RouteResponse, RouteSide, Settings } from "@outrigger/sdk";

/** What a worker is started with. */
export interface WorkerStart {
  readonly file: string;
  readonly settings: Settings;
}

/** What the gateway asks of a plug-in's worker. Values go over as they are, bigints too. */
export type WorkerQuestion =
  | { readonly id: number; readonly kind: "hook"; readonly hook: HookId; readonly facts: CallFacts; readonly input: unknown }
  | {
      readonly id: number;
      readonly kind: "route";
      readonly index: number;
      readonly side: RouteSide;
      readonly facts: CallFacts;
      readonly request: RouteRequest;
      readonly response?: RouteResponse;
    }
  | { readonly id: number; readonly kind: "settings"; readonly settings: Settings }
  | { readonly id: number; readonly kind: "ping" }
  | { readonly id: number; readonly kind: "abort" };

/** What a worker says: its answers, as `v8.serialize` writes them, and without an id what it logs and is. */
export type WorkerWord =
  | { readonly id: number; readonly answer: Uint8Array }
  | { readonly id: number; readonly failure: string }
  | { readonly log: string }
  | { readonly description: PluginDescription };
