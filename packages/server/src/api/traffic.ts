import * as z from "zod";
import { portTrafficField } from "../traffic/agent-report.ts";
import { readTraffic } from "../traffic/read-traffic.ts";
import type { App } from "./app-type.ts";
import { componentOf } from "./component-views.ts";
import { componentParams } from "./requests.ts";
import { apiSchemas } from "./schemas.ts";
import type { TrafficResource } from "./traffic-resources.ts";

const longest = 299;

const portTraffic = portTrafficField.register(apiSchemas, { id: "PortTraffic" });

const trafficSchema: z.ZodType<TrafficResource> = z
  .object({
    plugin: z.string().describe("`NAME@VERSION` of the performance plug-in."),
    window: z.int().describe("Seconds that the figures are of."),
    ports: z.array(portTraffic).describe("All pods together."),
    pods: z.array(z.object({ name: z.string(), replica: z.int(), problem: z.string().exactOptional(), ports: z.array(portTraffic) })),
  })
  .register(apiSchemas, { id: "Traffic" });

const trafficQuery: z.ZodType<{ window: number; series: number }> = z.strictObject({
  window: z.coerce.number().int().min(1).max(longest).default(10).describe("Seconds that the figures are of."),
  series: z.coerce.number().int().min(0).max(longest).default(0).describe("Seconds that are told one by one, too."),
});

export function trafficRoutes(app: App): void {
  app.get(
    "/teams/:team/applications/:application/components/:component/traffic",
    {
      config: { access: "viewer" },
      schema: {
        summary: "How a component's ports fare, as its performance plug-in sees it",
        params: componentParams,
        querystring: trafficQuery,
        response: { 200: trafficSchema },
      },
    },
    async ({ params, query: { window, series } }) => {
      await componentOf(app.services, params);
      return readTraffic(app.services, params, window, series);
    },
  );
}
