import type { CallContext, MaybePromise } from "./call-context.ts";

/** Reads the engine's metrics (`docker.metricscollector/1.0`), by `scrapeMetrics`, between start and stop. */
export interface MetricsCollector {
  start(context: CallContext): MaybePromise<void>;
  stop(context: CallContext): MaybePromise<void>;
  close?(): MaybePromise<void>;
}
