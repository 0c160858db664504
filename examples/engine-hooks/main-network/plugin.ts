import { defineEnginePlugin, type EnginePlugin } from "@outrigger/sdk";

const plugin: EnginePlugin = defineEnginePlugin({
  name: "main-network",
  hooks: {
    "container.preCreateEndpoint"(endpoint, { network, settings }) {
      const { main, parameters } = settings["network"] ?? {};
      if (network !== main) return;
      const lines = String(parameters ?? "")
        .split("\n")
        .filter(Boolean);
      const options = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
      return { ...endpoint, priority: 100, parameters: { ...options, ...endpoint.parameters } };
    },
  },
});

export default plugin;
