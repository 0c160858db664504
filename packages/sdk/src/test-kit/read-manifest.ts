import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ConfigGroup,
  type ConfigValues,
  checkValues,
  type EnginePluginManifest,
  formatProblem,
  isEnginePlugin,
  readPluginManifest,
  withoutPosition,
} from "@outrigger/plugin";
import type { Settings } from "../engine/hook-context.ts";
import { sdkErrors } from "../errors.ts";

/** Reads a folder's plugin.yaml. @throws kit-manifest-invalid */
export async function readManifest(folder: string): Promise<EnginePluginManifest> {
  const file = join(folder, "plugin.yaml");
  const reading = readPluginManifest(await readFile(file, "utf8"), file);
  if (!reading.ok) throw sdkErrors["kit-manifest-invalid"]({ folder, reason: reading.problems.map(formatProblem).join("\n") });
  const manifest = reading.value.value;
  if (!isEnginePlugin(manifest)) throw sdkErrors["kit-manifest-invalid"]({ folder, reason: `its layer is ${manifest.spec.layer}` });
  return manifest;
}

/** A plug-in's settings from what a user gives, checked, with the author's defaults. @throws kit-settings-invalid */
export function settingsOf(config: readonly ConfigGroup[], values: ConfigValues): Settings {
  const problems = checkValues(config, values, { ports: [], downstream: [] });
  if (problems.length > 0) {
    throw sdkErrors["kit-settings-invalid"]({ reason: problems.map((problem) => formatProblem(withoutPosition(problem))).join("\n") });
  }
  const given = values as Settings;
  return Object.fromEntries(
    config.map(({ group, items }) => [
      group,
      Object.fromEntries(
        items.flatMap((item) => {
          const value = given[group]?.[item.name] ?? item.default;
          return value === undefined ? [] : [[item.name, value]];
        }),
      ),
    ]),
  );
}
