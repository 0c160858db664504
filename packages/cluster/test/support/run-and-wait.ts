import { createPluginPrograms, discoverTypes, pluginTypes } from "@outrigger/cluster";
import { contextOf, pluginIn } from "./brought-plugins.ts";

/** A runner that calls the plug-in of a folder and waits for it; ended by the test. */
const folder = process.argv[2] ?? "";
const plugin = pluginIn(folder, { type: "SOME" });
const programs = createPluginPrograms({ state: folder });
const { types: found } = await discoverTypes({ plugins: [plugin], builtIns: [], programs });
const type = pluginTypes({ builtIns: new Map(), found, programs }).get("SOME");
const context = contextOf();
if (type.kind === "called")
  await type.run(plugin, { ...context, log: { ...context.log, info: (text) => console.log(text) } }, "PostInstall");
