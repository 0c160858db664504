import { defineEnginePlugin, type EnginePlugin } from "@outrigger/sdk";

interface Config {
  readonly envs?: readonly { readonly key: string; readonly value: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Sandbox {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "cri-pod-name",
  hooks: {
    "cri.preCreateContainer"(input) {
      const { envs = [], annotations = {} } = input.config as Config;
      const { name = "", namespace = "" } = (input.sandboxConfig as Sandbox).metadata ?? {};
      const config = {
        ...input.config,
        envs: [...envs.filter(({ key }) => key !== "POD"), { key: "POD", value: `${namespace}/${name}` }],
        annotations: { ...annotations, "example.outrigger.dev/seen": "true" },
      };
      return { ...input, config };
    },
  },
});

export default plugin;
