import { startControl } from "../control/control-server.ts";
import { createTraceStore } from "../hooks/trace-store.ts";
import { createPluginSource, type ReloadOutcome } from "../plugins/plugin-source.ts";
import { type EngineRun, type RunOptions, runEngine } from "./run-engine.ts";

export interface ServeOptions extends Omit<RunOptions, "plugins" | "traces"> {
  /** The folder of plug-ins, with settings.yaml. */
  readonly plugins: string;
  readonly state: string;
  /** The unix socket on which the command line speaks to this gateway. */
  readonly control: string;
  /** Finished traces are added to this file, a line of JSON each. */
  readonly traceFile?: string;
  /** Calls are recorded in this folder, whole and with their secrets, for replaying. */
  readonly record?: string;
}

/** A gateway with its plug-ins and its control socket. */
export interface EngineService extends Pick<EngineRun, "addresses"> {
  readonly reload: () => Promise<ReloadOutcome>;
  readonly stop: (grace?: number) => Promise<void>;
}

/** Starts a gateway from its folders. @throws as createPluginSource and runEngine; nothing is left running then */
export async function serveEngine(options: ServeOptions): Promise<EngineService> {
  const { state, control: socket, traceFile, record } = options;
  const traces = createTraceStore({ ...(traceFile === undefined ? {} : { file: traceFile }), ...(record === undefined ? {} : { record }) });
  const plugins = await createPluginSource({ folder: options.plugins, state, traces });
  const started: ((grace?: number) => Promise<void>)[] = [plugins.close];
  const stop = async (grace?: number): Promise<void> => {
    for (const end of started.splice(0).reverse()) await end(grace);
  };
  try {
    started.push((await startControl({ socket, source: plugins, traces })).close);
    const run = await runEngine({ ...options, plugins, traces });
    started.push(run.stop);
    return { addresses: run.addresses, reload: plugins.reload, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
