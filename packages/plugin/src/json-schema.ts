import * as z from "zod";
import { applicationField } from "./application.ts";
import { pluginManifestField } from "./plugin-manifest.ts";

/** The JSON Schemas (2020-12) that editors use, by file name. */
export function jsonSchemas(): Readonly<Record<string, object>> {
  return {
    "plugin.schema.json": schemaOf(pluginManifestField, "plugin.yaml", "A plug-in of Outrigger."),
    "app.schema.json": schemaOf(applicationField, "app.yaml", "An application of Outrigger: components and their plug-ins."),
  };
}

function schemaOf(schema: z.ZodType, title: string, description: string): object {
  return { title, description, ...z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" }) };
}
