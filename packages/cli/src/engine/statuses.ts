import type { EnginePluginStatus, ReloadOutcome } from "@outrigger/engine";
import { isOutriggerError } from "@outrigger/plugin";
import type { EngineFolders } from "./engine-options.ts";

export interface Statuses {
  readonly plugins: readonly EnginePluginStatus[];
  /** Undefined where no gateway runs. */
  readonly reload?: ReloadOutcome;
}

/** How the plug-ins fare: asked of the gateway, else read from the folder. */
export async function pluginStatuses({ plugins, state, control }: Required<EngineFolders>): Promise<Statuses> {
  const { controlClient, createEnginePluginHost } = await import("@outrigger/engine");
  try {
    return await controlClient(control).status();
  } catch (error) {
    if (!isOutriggerError(error) || error.code !== "control-unreachable") throw error;
    return { plugins: await createEnginePluginHost({ folder: plugins, state }).list() };
  }
}
