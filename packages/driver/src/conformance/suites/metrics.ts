import type { Check } from "../check.ts";
import type { Probe } from "../probe.ts";

export const metricsChecks: readonly Check[] = [
  {
    id: "metrics.start",
    level: "MUST",
    title: "StartMetrics is answered with status 200.",
    because: "Sent when the driver is enabled, without a body; the answer's body is not read (CODE, 20.10 to 29).",
    mend: "Answer 200 at once and collect from /run/docker/metrics.sock afterwards: the engine may not serve it yet.",
    run: async (probe) => {
      probe.tidy("MetricsCollector.StopMetrics", undefined);
      await accepted(probe, "StartMetrics");
    },
  },
  {
    id: "metrics.stop",
    level: "MUST",
    title: "StopMetrics is answered with status 200.",
    because: "Sent when the driver is disabled (CODE, 20.10 to 29).",
    mend: "Answer 200.",
    run: async (probe) => {
      await probe.ask("MetricsCollector.StartMetrics");
      await accepted(probe, "StopMetrics");
    },
  },
  {
    id: "metrics.repeated",
    level: "MUST",
    title: "StartMetrics twice, StopMetrics twice, and another start are all answered with 200.",
    because: "An engine that starts anew starts collecting again, and stopped nothing when it was ended.",
    mend: "Keep one collector, however often it is started.",
    needs: "metrics.start",
    run: async (probe) => {
      probe.tidy("MetricsCollector.StopMetrics", undefined);
      for (const method of ["StartMetrics", "StartMetrics", "StopMetrics", "StopMetrics", "StartMetrics"]) await accepted(probe, method);
    },
  },
];

async function accepted(probe: Probe, method: string): Promise<void> {
  const exchange = await probe.ask(`MetricsCollector.${method}`);
  const status = exchange.answer?.head.status;
  probe.expect(status === 200, "status 200", `the status is ${status}`, exchange);
}
