import { defineEnginePlugin, type EnginePlugin } from "@outrigger/sdk";

const doors = ["create", "service", "exec", "commit", "build"] as const;

/** Gives a copy, so that the gateway has to compare; nothing in it differs. */
function same<Input extends object>(input: Input): Input {
  return { ...input };
}

const nothing = (): undefined => undefined;
const both = { handler: same, validate: nothing };

const plugin: EnginePlugin = defineEnginePlugin({
  name: "pass-through",
  setUp: nothing,
  hooks: {
    "daemon.preStart": () => ({ helpers: [] }),
    "daemon.preStop": nothing,
    "container.preCreate": { ...both, filter: { doors } },
    "container.preStart": () => ({ hooks: [] }),
    "container.preCreateEndpoint": both,
    "container.preUpdate": both,
    "container.postUpdate": nothing,
    "volume.preCreate": both,
    "cri.preCreateContainer": both,
    "api.routes": [{ method: "*", path: "/*", action: "wrap", request: same, response: (_, response) => same(response) }],
    "image.postPull": nothing,
    "image.prePull": both,
    "network.preCreate": both,
    "api.request": nothing,
  },
});

export default plugin;
