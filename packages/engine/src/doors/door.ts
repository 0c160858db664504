import type { EngineClient } from "../gateway/engine-client.ts";
import type { Forward, GatewayRequest, GatewayResponse } from "../gateway/exchange.ts";
import type { Call, Dispatcher } from "../hooks/dispatcher.ts";
import type { TraceStore } from "../hooks/trace-store.ts";
import type { HookRecords } from "../oci/hook-record.ts";
import type { PullLedger } from "./pull-ledger.ts";

/** What every door works with. */
export interface DoorOptions {
  /** For the doors' own questions, which pass no plug-in. */
  readonly engine: Pick<EngineClient, "ask" | "find">;
  /** Bytes of a body that plug-ins look at. */
  readonly bodyLimit: number;
  /** Where OCI hooks are kept for the runtime wrapper, and the name under which the engine knows the wrapper. Absent: `container.preStart` can't be carried out. */
  readonly runtime?: { readonly records: HookRecords; readonly name: string };
  readonly pulls: PullLedger;
  /** Told of each request that plug-ins see. */
  readonly traces?: Pick<TraceStore, "begin" | "end">;
  /** Told of what went wrong where no request can be refused for it. */
  readonly log: (message: string) => void;
}

/** One request at a door. */
export interface Visit extends DoorOptions {
  readonly request: GatewayRequest;
  readonly forward: Forward;
  readonly dispatcher: Dispatcher;
  readonly call: Call;
}

/** Turns a request into calls of plug-ins and their result into what is sent on. */
export interface Door {
  /** True where some plug-in would be called. */
  readonly wants: (dispatcher: Dispatcher) => boolean;
  readonly handle: (visit: Visit) => Promise<GatewayResponse>;
}
