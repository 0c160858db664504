import * as z from "zod";
import { type ClusterPluginBody, clusterBodyField } from "./cluster-body.ts";
import { filesRules } from "./config-files.ts";
import { type ConfigGroup, configGroupField, configRules } from "./config-schema.ts";
import { type DriverPluginBody, driverBodyField, driverSpecRules } from "./driver-body.ts";
import { type EnginePluginBody, engineBodyField } from "./engine-body.ts";
import { asRecord, asRecords, nameField, versionField, withRule } from "./fields.ts";
import { type PodPluginBody, podBodyField } from "./pod-body.ts";
import type { PlainProblem } from "./problem.ts";

export type Layer = "pod" | "engine" | "driver" | "cluster";

export interface PluginMetadata {
  readonly name: string;
  readonly version: string;
  readonly displayName?: string;
  readonly description?: string;
}

/** Where a plug-in attaches, what it is there, and its settings. */
export type PluginSpec =
  | { readonly layer: "pod"; readonly pod: PodPluginBody; readonly config: readonly ConfigGroup[] }
  | { readonly layer: "engine"; readonly engine: EnginePluginBody; readonly config: readonly ConfigGroup[] }
  | { readonly layer: "driver"; readonly driver: DriverPluginBody; readonly config: readonly ConfigGroup[] }
  | { readonly layer: "cluster"; readonly cluster: ClusterPluginBody; readonly config: readonly ConfigGroup[] };

export type EnginePluginSpec = Extract<PluginSpec, { layer: "engine" }>;
export type PodPluginSpec = Extract<PluginSpec, { layer: "pod" }>;

/** A plugin.yaml, with every default filled in. */
export interface PluginManifest {
  readonly apiVersion: "outrigger.dev/v1";
  readonly kind: "Plugin";
  readonly metadata: PluginMetadata;
  readonly spec: PluginSpec;
}

/** A manifest of the `pod` layer. */
export interface PodPluginManifest extends PluginManifest {
  readonly spec: PodPluginSpec;
}

const config = z.array(configGroupField).default([]);

/** The schema of plugin.yaml. Use {@link readPluginManifest} to read a file: it places every mistake. */
export const pluginManifestField: z.ZodType<PluginManifest> = withRule(
  z.strictObject({
    apiVersion: z.literal("outrigger.dev/v1"),
    kind: z.literal("Plugin"),
    metadata: z.strictObject({
      name: nameField,
      version: versionField,
      displayName: z.string().max(64).exactOptional(),
      description: z.string().max(1024).exactOptional(),
    }),
    spec: z.discriminatedUnion("layer", [
      z.strictObject({ layer: z.literal("pod"), pod: podBodyField, config }),
      z.strictObject({ layer: z.literal("engine"), engine: engineBodyField, config }),
      z.strictObject({ layer: z.literal("driver"), driver: driverBodyField, config }),
      z.strictObject({ layer: z.literal("cluster"), cluster: clusterBodyField, config }),
    ]),
  }),
  manifestRules,
);

function* manifestRules(value: unknown): Generator<PlainProblem> {
  const spec = asRecord(asRecord(value)["spec"]);
  const layer = spec["layer"] === "engine" ? "engine" : "pod";
  const body = asRecord(spec[layer]);
  const name = asRecord(asRecord(value)["metadata"])["name"];
  yield* configRules(spec["config"], ["spec", "config"]);
  if (spec["layer"] !== "pod") yield* groupsOfOtherLayers(spec);
  if (spec["layer"] === "driver") yield* driverSpecRules(name, spec);
  for (const problem of filesRules(body["files"], spec["config"])) yield { ...problem, path: ["spec", ...problem.path] };
  for (const side of ["before", "after"] as const) {
    const names: unknown = body[side];
    const at = Array.isArray(names) ? names.indexOf(name) : -1;
    if (at >= 0 && name !== undefined) {
      yield {
        path: ["spec", layer, side, at],
        code: "cycle",
        message: `${String(name)} can't come ${side} itself.`,
        hint: "Remove the name.",
      };
    }
  }
}

/** A manifest of the `engine` layer. */
export interface EnginePluginManifest extends PluginManifest {
  readonly spec: EnginePluginSpec;
}

/** True for a plug-in that the engine gateway calls. */
export function isEnginePlugin(manifest: PluginManifest): manifest is EnginePluginManifest {
  return manifest.spec.layer === "engine";
}

/** True for a plug-in that becomes a container of a pod. */
export function isPodPlugin(manifest: PluginManifest): manifest is PodPluginManifest {
  return manifest.spec.layer === "pod";
}

/** Only components have ports that settings can hang on. */
function* groupsOfOtherLayers(spec: Readonly<Record<string, unknown>>): Generator<PlainProblem> {
  for (const [index, group] of asRecords(spec["config"]).entries()) {
    if ((group["dependsOn"] ?? "none") === "none") continue;
    yield {
      path: ["spec", "config", index, "dependsOn"],
      code: "wrong-value",
      message: `Settings of the layer ${String(spec["layer"])} depend on no port.`,
      found: String(group["dependsOn"]),
      expected: "none",
    };
  }
}
