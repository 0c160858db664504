import type { PhaseName } from "@outrigger/plugin";
import type { ClusterContext } from "./cluster-context.ts";

type Later<Value> = Value | Promise<Value>;

/** What a module of a cluster plug-in exports as its default; beside it, as `pluginType`, the type that Plugin documents name. */
export interface ClusterPluginModule {
  /** What is wrong with `spec.data`, one sentence each; called before anything is touched, without hosts. */
  readonly validate?: (data: unknown) => Later<readonly string[]>;
  /** The work at a phase. Called again after a failure or an interruption: should do nothing where it is done already. */
  readonly run: (context: ClusterContext, phase: PhaseName) => Later<void>;
  /** Takes back what `run` did at this phase, where `onFailure: undo` asks for it. */
  readonly undo?: (context: ClusterContext, phase: PhaseName) => Later<void>;
}

/**
 * Types a cluster plug-in.
 *
 * @example
 * export const pluginType = "LIST_NODE";
 * export default defineClusterPlugin({
 *   async run(context) {
 *     for (const node of await context.kubernetes.listNodes()) context.log.info(node.metadata.name);
 *   },
 * });
 */
export function defineClusterPlugin(plugin: ClusterPluginModule): ClusterPluginModule {
  return plugin;
}
