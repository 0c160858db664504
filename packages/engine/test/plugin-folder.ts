import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { Call } from "../src/hooks/dispatcher.ts";
import { createPluginSource, type EnginePluginSource, type PluginSourceOptions } from "../src/plugins/plugin-source.ts";

/** A folder of plug-ins with a state folder beside it, both gone when the test ends. */
export interface PluginFolder {
  readonly folder: string;
  readonly state: string;
  /** Writes a file below the folder. */
  readonly write: (path: string, text: string) => void;
  /** Writes a plug-in: its plugin.yaml's engine part and its module. */
  readonly plugin: (name: string, engine: object, code: string, version?: string) => void;
  readonly settings: (...plugins: readonly object[]) => void;
  readonly open: (options?: Partial<PluginSourceOptions>) => Promise<EnginePluginSource>;
}

export function pluginFolder(context: TestContext): PluginFolder {
  const root = mkdtempSync(join(tmpdir(), "hooks-"));
  chmodSync(root, 0o711); // users of plug-ins go through it
  const [folder, state] = [join(root, "plugins"), join(root, "state")];
  mkdirSync(folder);
  const sources: EnginePluginSource[] = [];
  context.after(async () => {
    await Promise.all(sources.map((source) => source.close(100)));
    rmSync(root, { recursive: true, force: true });
  });
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  return {
    folder,
    state,
    write,
    plugin: (name, engine, code, version = "1.0.0") => {
      const spec = { layer: "engine", engine: { entry: "index.ts", ...engine } };
      const manifest = { apiVersion: "outrigger.dev/v1", kind: "Plugin", metadata: { name, version }, spec };
      write(`${name}/plugin.yaml`, JSON.stringify(manifest));
      write(`${name}/index.ts`, code);
    },
    settings: (...plugins) => write("settings.yaml", JSON.stringify({ apiVersion: "outrigger.dev/v1", kind: "EngineSettings", plugins })),
    open: async (options = {}) => {
      const source = await createPluginSource({ folder, state, watch: false, patience: 20_000, keep: { pause: 50 }, ...options });
      sources.push(source);
      return source;
    },
  };
}

/** A call of a client that stays. */
export function aCall(facts: Partial<Call> = {}): Call {
  return { requestId: "r1", client: null, apiVersion: "1.41", signal: new AbortController().signal, ...facts };
}
