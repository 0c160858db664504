import { startControl } from "../control/control-server.ts";
import { startCriProxy } from "../cri/cri-proxy.ts";
import { createTraceStore } from "../hooks/trace-store.ts";
import { createPluginSource, type ReloadOutcome } from "../plugins/plugin-source.ts";

export interface ServeCriOptions {
  /** `unix:///PATH`. */
  readonly listen: string;
  readonly upstream: string;
  /** The folder of plug-ins, with settings.yaml. */
  readonly plugins: string;
  readonly state: string;
  readonly control: string;
}

/** A CRI proxy with its plug-ins and its control socket. */
export interface CriService {
  readonly url: string;
  readonly reload: () => Promise<ReloadOutcome>;
  readonly stop: () => Promise<void>;
}

/** Starts a CRI proxy from its folders. @throws as createPluginSource and startCriProxy; nothing is left running then */
export async function serveCri({ listen, upstream, plugins: folder, state, control: socket }: ServeCriOptions): Promise<CriService> {
  const traces = createTraceStore();
  const plugins = await createPluginSource({ folder, state, traces });
  const started = [plugins.close];
  const stop = async (): Promise<void> => {
    for (const end of started.splice(0).reverse()) await end();
  };
  try {
    started.push((await startControl({ socket, source: plugins, traces })).close);
    const proxy = await startCriProxy({ listen, upstream, plugins });
    started.push(() => proxy.close());
    return { url: proxy.url, reload: plugins.reload, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
