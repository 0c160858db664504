import { pathToFileURL } from "node:url";
import { clusterTypePattern } from "@outrigger/plugin";
import { resolveSdk } from "../../engine/run/resolve-sdk.ts";
import { sdkErrors } from "../../errors.ts";
import { isObject } from "../../json/is-object.ts";
import type { ClusterPluginModule } from "../cluster-plugin.ts";

/** A cluster plug-in's module, loaded. */
export interface LoadedClusterPlugin {
  readonly type: string;
  readonly plugin: ClusterPluginModule;
}

/** Loads a cluster plug-in's module, TypeScript or JavaScript, wherever it lies. @throws cluster-module-invalid, and what the module throws */
export async function loadClusterPlugin(file: string): Promise<LoadedClusterPlugin> {
  resolveSdk();
  return clusterPluginOf((await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>, file);
}

const functions = ["validate", "run", "undo"] as const;

/**
 * What a module exports, checked.
 * @param file for messages
 * @throws cluster-module-invalid
 */
export function clusterPluginOf(exported: Readonly<Record<string, unknown>>, file: string): LoadedClusterPlugin {
  const invalid = (reason: string): Error => sdkErrors["cluster-module-invalid"]({ file, reason });
  const { pluginType: type, default: plugin } = exported;
  if (typeof type !== "string") throw invalid("it exports no text as `pluginType`");
  if (!clusterTypePattern.test(type))
    throw invalid(`its type ${JSON.stringify(type)} has other than capital letters, digits and underscores`);
  if (!isObject(plugin)) throw invalid("it has no default export that is an object");
  for (const name of functions) {
    if (name in plugin ? typeof plugin[name] !== "function" : name === "run")
      throw invalid(`\`${name}\` of its default export is no function`);
  }
  return { type, plugin: plugin as unknown as ClusterPluginModule };
}
