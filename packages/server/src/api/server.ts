import { hostname } from "node:os";
import * as z from "zod";
import { outriggerVersion } from "../version.ts";
import type { App } from "./app-type.ts";
import { openApiDocument } from "./openapi.ts";
import { serverSchema } from "./schemas.ts";

export function serverRoutes(app: App): void {
  app.get(
    "",
    { config: { access: "token" }, schema: { summary: "Who answers, and how its engine fares", response: { 200: serverSchema } } },
    async () => {
      const health = await app.services.runtime.health();
      const engine = health.ok ? { ok: true, detail: health.engine } : { ok: false, detail: health.reason };
      return { version: outriggerVersion, engine, node: hostname() };
    },
  );

  const ok = z.object({ ok: z.literal(true) });
  app.get(
    "/health",
    { config: { access: "open" }, schema: { summary: "Whether the server takes requests", security: [], response: { 200: ok } } },
    async () => ({ ok: true as const }),
  );

  let document: Promise<object> | undefined;
  app.get(
    "/openapi.json",
    { config: { access: "open" }, schema: { summary: "This API", security: [], response: { 200: z.looseObject({}) } } },
    async () => {
      document ??= openApiDocument();
      return { ...(await document) };
    },
  );
}
