import { defineEnginePlugin, type EnginePlugin, type OciHook } from "@outrigger/sdk";

const plugin: EnginePlugin = defineEnginePlugin({
  name: "oci-hooks",
  hooks: {
    "container.preStart": {
      filter: { labels: { "example.hooks": "" } },
      handler({ container }, { settings }) {
        const { before, after, directory } = settings["hooks"] ?? {};
        const hook = (path: unknown, priority: number): OciHook => ({
          path: String(path),
          // As the specification has it, the first argument is the program's own name.
          args: [String(path), container.id, String(directory)],
          env: [`CONTAINER_NAME=${container.name}`],
          priority,
          timeout: 10,
        });
        return { hooks: [hook(before, 10), hook(after, -10)] };
      },
    },
  },
});

export default plugin;
