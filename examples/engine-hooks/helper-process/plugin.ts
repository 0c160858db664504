import { defineEnginePlugin, type EnginePlugin } from "@outrigger/sdk";

const plugin: EnginePlugin = defineEnginePlugin({
  name: "helper-process",
  hooks: {
    "daemon.preStart"({ upstream }, { settings, log }) {
      const { command, arguments: lines, ready } = settings["helper"] ?? {};
      const words = String(lines ?? "")
        .split("\n")
        .filter(Boolean);
      log("starting the helper", { command: String(command), upstream });
      return {
        helpers: [
          {
            name: "helper",
            command: [String(command), ...words],
            ...(ready === undefined || ready === "" ? {} : { ready: String(ready) }),
          },
        ],
      };
    },
    "daemon.preStop": ({ reason }, { log }) => void log("the gateway stops, and the helper with it", { reason }),
  },
});

export default plugin;
