import { nearest } from "@outrigger/plugin";
import { clusterErrors } from "../../errors.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import type { PluginType, PluginTypes } from "../plugin-type.ts";
import { calledType } from "./called-type.ts";
import { type FoundType, mayUseMachine, type PluginCode } from "./plugin-code.ts";
import type { PluginPrograms } from "./plugin-programs.ts";
import { createPluginRunner, type PluginRunner } from "./plugin-runner.ts";

export interface PluginTypesOptions {
  readonly builtIns: ReadonlyMap<string, PluginType>;
  /** Of a discovery without problems. */
  readonly found: readonly FoundType[];
  /** As they were given to the discovery. */
  readonly grants?: readonly string[];
  readonly programs: PluginPrograms;
}

/**
 * All types of a cluster's plug-ins. Each plug-in that is not built in has a process of its own, started at its first turn and kept until `close`,
 * which also closes `programs`.
 */
export function pluginTypes({ builtIns, found, grants = [], programs }: PluginTypesOptions): PluginTypes {
  const runners = new Map<string, PluginRunner>();
  const runnerOf = (plugin: ClusterPlugin, code: PluginCode): PluginRunner => {
    const runner =
      runners.get(plugin.name) ?? createPluginRunner({ name: plugin.name, code, local: mayUseMachine(plugin, grants) }, programs);
    runners.set(plugin.name, runner);
    return runner;
  };
  const types = new Map<string, PluginType>(builtIns);
  for (const each of found)
    types.set(
      each.type,
      calledType(each, (plugin) => runnerOf(plugin, each.code)),
    );
  const known = [...types.keys()].toSorted();
  return {
    get: (type) => {
      const named = types.get(type);
      if (named !== undefined) return named;
      const near = nearest(type, known);
      throw clusterErrors["plugin-type-unknown"]({
        type,
        known: near === undefined ? `there are ${known.join(", ")}` : `did you mean ${near}`,
      });
    },
    close: async () => {
      await Promise.all([...runners.values()].map((runner) => runner.stop()));
      await programs.close();
    },
  };
}
