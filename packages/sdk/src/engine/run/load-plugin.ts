import { pathToFileURL } from "node:url";
import { pluginOf } from "../describe-plugin.ts";
import type { EnginePlugin } from "../engine-plugin.ts";
import { resolveSdk } from "./resolve-sdk.ts";

/** Loads a plug-in's module, TypeScript or JavaScript, wherever it lies. @throws module-invalid, and what the module throws */
export async function loadPlugin(file: string): Promise<EnginePlugin> {
  resolveSdk();
  return pluginOf(await import(pathToFileURL(file).href), file);
}
