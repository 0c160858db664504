import type { LogParams } from "@outrigger/sdk";
import { plainLine } from "@outrigger/sdk/process";
import type { PluginCode } from "./plugin-code.ts";
import { type PluginProcess, startPluginProcess } from "./plugin-process.ts";
import type { PluginPrograms } from "./plugin-programs.ts";

/** One plug-in's process in one run: started when it is first needed, and anew when it has ended. */
export interface PluginRunner {
  /** @param log told why it is started anew, and what it writes between calls */
  readonly process: (log: (params: LogParams) => void) => Promise<PluginProcess>;
  readonly stop: () => Promise<void>;
}

export function createPluginRunner(
  plugin: { readonly name: string; readonly code: PluginCode; readonly local: boolean },
  programs: PluginPrograms,
): PluginRunner {
  let current: Promise<PluginProcess> | undefined;
  return {
    process: async (log) => {
      const before = await current?.catch(() => undefined);
      const ending = before?.ending();
      if (before !== undefined && ending === undefined) return before;
      if (before !== undefined) {
        log({ level: "warn", text: `It is started anew: ${plainLine(ending ?? "it ended")}.` });
        await before.stop();
      }
      current = programs.places().then((places) => startPluginProcess({ ...plugin, memory: programs.memory }, places, log));
      current.catch(() => {}); // whoever asked is told
      return current;
    },
    stop: async () => {
      const running = await current?.catch(() => undefined);
      await running?.stop();
    },
  };
}
