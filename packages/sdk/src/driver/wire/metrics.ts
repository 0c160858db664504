import type { MetricsCollector } from "../interfaces/metrics-collector.ts";
import { errAnswer, type ServedInterface } from "./served-interface.ts";

export function serveMetrics(collector: MetricsCollector): ServedInterface {
  return {
    name: "MetricsCollector",
    refuse: errAnswer,
    ...(collector.close === undefined ? {} : { close: () => collector.close?.() }),
    methods: {
      StartMetrics: {
        plain: async (context) => {
          await collector.start(context);
          return { Err: "" };
        },
      },
      StopMetrics: {
        plain: async (context) => {
          await collector.stop(context);
          return { Err: "" };
        },
      },
    },
  };
}
