import type { Logger } from "../logger.ts";

/** What comes with every call. */
export interface CallContext {
  /** Names the call in the log. */
  readonly callId: string;
  /** As the engine calls it, e.g. `VolumeDriver.Create`. */
  readonly method: string;
  /** When the engine gives up, less a second; milliseconds since 1970. Absent where calls may last, as for reading logs. */
  readonly deadline: number | undefined;
  /** Aborted at the deadline, when the caller has gone, and when the driver stops before the call has ended. */
  readonly signal: AbortSignal;
  /** Its lines name the call. */
  readonly log: Logger;
}

export type MaybePromise<Value> = Value | Promise<Value>;
