import {
  type ConfigValues,
  type FailPolicy,
  type HookId,
  hookIds,
  nameField,
  type Reading,
  readDocument,
  type SourceDocument,
} from "@outrigger/plugin";
import * as z from "zod";

/** One plug-in's entry in settings.yaml. */
export interface PluginSetting {
  readonly plugin: string;
  readonly enabled: boolean;
  /** What is granted of what the manifest asks for; `all` grants whatever it asks for. */
  readonly grants: "all" | readonly string[];
  /** These four stand over what the manifest says. */
  readonly priority?: number;
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly failPolicy: Readonly<Partial<Record<HookId, FailPolicy>>>;
  readonly values: ConfigValues;
}

/** DIR/settings.yaml: which plug-ins are on, in which order, with which values. */
export interface EngineSettings {
  readonly apiVersion: "outrigger.dev/v1";
  readonly kind: "EngineSettings";
  readonly plugins: readonly PluginSetting[];
}

export const settingsFileName = "settings.yaml";

const secretFrom = z
  .strictObject({ fromEnv: z.string().min(1).exactOptional(), fromFile: z.string().min(1).exactOptional() })
  .refine((value) => Object.keys(value).length === 1, "A secret comes from exactly one of fromEnv and fromFile.");
const itemValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), secretFrom]);

export const engineSettingsField: z.ZodType<EngineSettings> = z.strictObject({
  apiVersion: z.literal("outrigger.dev/v1"),
  kind: z.literal("EngineSettings"),
  plugins: z
    .array(
      z.strictObject({
        plugin: nameField,
        enabled: z.boolean().default(true),
        grants: z.union([z.literal("all"), z.array(z.string().min(1))]).default([]),
        priority: z.int().min(-1000).max(1000).exactOptional(),
        before: z.array(nameField).exactOptional(),
        after: z.array(nameField).exactOptional(),
        failPolicy: z.partialRecord(z.enum(hookIds), z.enum(["closed", "open"])).default({}),
        values: z.record(z.string(), z.record(z.string(), itemValue)).default({}),
      }),
    )
    .default([]),
}) as z.ZodType<EngineSettings>;

/** Reads the text of a settings.yaml. Never throws for a mistake of the author's. */
export function readEngineSettings(
  text: string,
  file: string,
): Reading<{ readonly value: EngineSettings; readonly source: SourceDocument }> {
  return readDocument(text, file, engineSettingsField);
}
