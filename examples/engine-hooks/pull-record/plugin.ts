import { appendFile } from "node:fs/promises";
import { defineEnginePlugin, type EnginePlugin, refuse } from "@outrigger/sdk";

const plugin: EnginePlugin = defineEnginePlugin({
  name: "pull-record",
  hooks: {
    async "image.postPull"(pulled, { settings, client }) {
      const { file, bad_digests: bad } = settings["record"] ?? {};
      const line = { time: new Date().toISOString(), user: client?.user ?? null, ...pulled };
      await appendFile(String(file), `${JSON.stringify(line)}\n`);
      if (pulled.digest !== null && String(bad).split("\n").includes(pulled.digest)) {
        throw refuse({ code: "bad-digest", message: `${pulled.reference} is ${pulled.digest}, which is not to be used.` });
      }
    },
  },
});

export default plugin;
