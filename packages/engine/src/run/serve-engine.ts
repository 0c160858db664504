import { startControl } from "../control/control-server.ts";
import { createTraceStore } from "../hooks/trace-store.ts";
import { createPluginSource, type EnginePluginSource, type ReloadOutcome } from "../plugins/plugin-source.ts";
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
  const { state, control: socket, traceFile, record, log } = options;
  const traces = createTraceStore({ ...(traceFile === undefined ? {} : { file: traceFile }), ...(record === undefined ? {} : { record }) });
  const plugins = await createPluginSource({ folder: options.plugins, state, traces });
  try {
    const control = await startControl({ socket, source: plugins, traces });
    try {
      const run = await runEngine({ ...options, plugins, traces });
      return { addresses: run.addresses, reload: plugins.reload, stop: (grace) => stop(run, control.close, plugins, grace) };
    } catch (error) {
      await control.close();
      throw error;
    }
  } catch (error) {
    await plugins.close();
    throw error;
  }

  async function stop(run: EngineRun, closeControl: () => Promise<void>, source: EnginePluginSource, grace?: number): Promise<void> {
    log("Stopping; containers go on running.");
    await run.stop(grace);
    await closeControl();
    await source.close();
  }
}
