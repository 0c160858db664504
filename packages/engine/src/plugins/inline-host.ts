import { join } from "node:path";
import { CallContext, callPlugin, callRoute, describePlugin, loadPlugin, requiredHandler, type Settings } from "@outrigger/sdk";
import type { Launch, Launcher } from "./instance.ts";
import { logLine } from "./log-file.ts";

/** Runs a plug-in in the gateway itself. Its module lies in a folder named by its content, so another version is another module. */
export const launchInline: Launcher = async ({ folder, entry = "index.ts", settings: first, log }: Launch) => {
  const plugin = await loadPlugin(join(folder, entry));
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const note = (message: string, fields?: Readonly<Record<string, unknown>>): void => log(logLine(message, fields));
  let settings: Settings = first;
  await plugin.setUp?.({ settings, log: note });
  return {
    description: describePlugin(plugin),
    call: (hook, { facts, input, signal }) => callPlugin(plugin, { hook, facts, input, signal, settings, log: note }),
    handler: (hook) => {
      const handler = requiredHandler(plugin, hook);
      return (input, call) => handler(input, new CallContext(call.facts, settings, note, call));
    },
    route: (index, side, { facts, request, response, signal }) =>
      callRoute(plugin, index, side, { facts, request, settings, signal, log: note, ...(response === undefined ? {} : { response }) }),
    configure: async (values) => {
      await plugin.setUp?.({ settings: values, log: note });
      settings = values;
    },
    alive: async () => true,
    ended,
    stop: async () => end("it was stopped"),
  };
};
