import {
  type DriverPluginManifest,
  isDriverPlugin,
  manifestInvalid,
  type PlainProblem,
  type Problem,
  readPluginManifest,
  withoutPosition,
} from "@outrigger/plugin";
import { driverErrors } from "../errors.ts";
import { configOfManifest, type ImageDefaults, imageVariables } from "./of-manifest.ts";
import type { PluginConfig } from "./plugin-config.ts";
import { type ConfigFile, readConfig } from "./read.ts";

/** What a driver's author says of it: a plugin.yaml, or Docker's config.json. */
export type Description =
  | { readonly kind: "manifest"; readonly file: string; readonly manifest: DriverPluginManifest }
  | { readonly kind: "config"; readonly file: string; readonly read: ConfigFile };

/** Reads a plugin.yaml (by its name's end, .yaml or .yml) or a config.json. @throws manifest-invalid, driver-config-invalid */
export function readDescription(text: string, file: string): Description {
  if (!/\.ya?ml$/.test(file)) {
    const reading = readConfig(text, file);
    if (reading.ok) return { kind: "config", file, read: reading.value };
    throw driverErrors["driver-config-invalid"]({ file, reason: "it has mistakes" }, { problems: reading.problems });
  }
  const reading = readPluginManifest(text, file);
  if (!reading.ok) throw manifestInvalid(file, reading.problems);
  const manifest = reading.value.value;
  if (isDriverPlugin(manifest)) return { kind: "manifest", file, manifest };
  throw driverErrors["driver-config-invalid"]({ file, reason: `it is a plug-in of the layer ${manifest.spec.layer}` });
}

/** The whole configuration; where the author says nothing of entry point, working directory and variables, the image's count. */
export function completeConfig(description: Description, image?: ImageDefaults): PluginConfig {
  if (description.kind === "manifest") return configOfManifest(description.manifest, image);
  const { config } = description.read;
  if (image === undefined) return config;
  const inherited = imageVariables(
    image.env,
    (config.Env ?? []).map(({ Name }) => Name),
  );
  const env = [...inherited, ...(config.Env ?? [])];
  return {
    ...config,
    Entrypoint: (config.Entrypoint ?? []).length > 0 ? config.Entrypoint : image.entrypoint.length > 0 ? image.entrypoint : null,
    Env: env.length === 0 ? config.Env : env,
    WorkDir: config.WorkDir === "" ? image.workdir : config.WorkDir,
  };
}

/** Keys that an engine would drop without a word. */
export function descriptionWarnings(description: Description): readonly Problem[] {
  return description.kind === "config" ? description.read.warnings : [];
}

/** Where findings about the configuration stand: in config.json at their line; a plugin.yaml is checked by its own schema, and only named. */
export function placeIn(description: Description): (problem: PlainProblem) => Problem {
  return description.kind === "config" ? description.read.place : (problem) => withoutPosition(problem, description.file);
}
