import { CallContext, type ChangeInputs, describePlugin, type EnginePlugin, requiredHandler } from "@outrigger/sdk";
import { AsyncSeriesWaterfallHook } from "tapable";
import { createBreaker } from "../packages/engine/src/hooks/breaker.ts";
import { createDispatcher } from "../packages/engine/src/hooks/create-dispatcher.ts";
import type { Call } from "../packages/engine/src/hooks/dispatcher.ts";
import type { Member } from "../packages/engine/src/hooks/member.ts";
import type { Measurement } from "./measurement.ts";

type Input = ChangeInputs["container.preCreate"];
type Handler = (input: Input) => Promise<Input | undefined>;

const text = JSON.stringify({
  name: "web",
  platform: null,
  body: {
    Image: "registry.example/shop/web:1",
    Cmd: ["serve", "--port", "8080"],
    Labels: { team: "shop", tier: "web" },
    ExposedPorts: { "8080/tcp": {} },
    HostConfig: { Binds: ["/srv:/srv:ro"], Memory: 268435456, NanoCpus: 500000000, RestartPolicy: { Name: "no" }, PortBindings: {} },
    NetworkingConfig: { EndpointsConfig: { bridge: {} } },
  },
});

/** What three plug-ins do to a create body, each on the one before's result. */
const works: readonly (readonly [name: string, handlers: readonly Handler[]])[] = [
  [
    "that look only",
    Array.from({ length: 3 }, (): Handler => async (input) => (input.body.HostConfig?.Privileged === true ? input : undefined)),
  ],
  [
    "that add a label each",
    ["a", "b", "c"].map(
      (label): Handler =>
        async (input) => ({ ...input, body: { ...input.body, Labels: { ...input.body.Labels, [label]: "1" } } }),
    ),
  ],
];

/**
 * A waterfall of three inline plug-ins that see and change everything, beside tapable's with the same handlers and the same inputs, each read anew from JSON.
 * What ours does more: deadlines, privileges, a diff of every change, and inputs that no plug-in can change in place. Goal: within 1.2 times tapable's time.
 */
export async function benchEngineHooks(): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const [name, handlers] of works) {
    const [ours, peers] = await compare(dispatch(handlers), waterfall(handlers));
    const peer = { name: "tapable", value: peers };
    measurements.push({ name: `waterfall of 3 plug-ins ${name}`, value: ours, unit: "µs", peer, goal: "at most 1.2 times tapable" });
  }
  return measurements;
}

function dispatch(handlers: readonly Handler[]): (input: Input) => Promise<unknown> {
  const dispatcher = createDispatcher(
    handlers.map((handler, index) => memberOf({ name: `plugin-${index}`, hooks: { "container.preCreate": handler } })),
  );
  const call: Call = { requestId: "r1", client: null, apiVersion: "1.41", door: "create", signal: new AbortController().signal };
  return (input) => dispatcher.change("container.preCreate", input, call);
}

function waterfall(handlers: readonly Handler[]): (input: Input) => Promise<unknown> {
  const hook = new AsyncSeriesWaterfallHook<[Input]>(["input"]);
  for (const [index, handler] of handlers.entries()) hook.tapPromise(`plugin-${index}`, handler as (input: Input) => Promise<Input>);
  return (input) => hook.promise(input);
}

/** Microseconds for one input: the best of several rounds, which take turns so that both see the same machine. */
async function compare(
  ours: (input: Input) => Promise<unknown>,
  peers: (input: Input) => Promise<unknown>,
): Promise<readonly [number, number]> {
  let best: readonly [number, number] = [Infinity, Infinity];
  for (let round = 0; round < 30; round += 1) {
    const times = [await time(ours), await time(peers)] as const;
    best = [Math.min(best[0], times[0]), Math.min(best[1], times[1])];
  }
  return [Math.round(best[0] * 100) / 100, Math.round(best[1] * 100) / 100];
}

async function time(work: (input: Input) => Promise<unknown>): Promise<number> {
  const inputs = Array.from({ length: 5_000 }, () => JSON.parse(text) as Input);
  const start = performance.now();
  for (const input of inputs) await work(input);
  return ((performance.now() - start) * 1000) / inputs.length;
}

function memberOf(plugin: EnginePlugin): Member {
  const unused = (): never => {
    throw new TypeError("not used here");
  };
  return {
    name: plugin.name,
    version: "1.0.0",
    before: [],
    after: [],
    priority: 0,
    privileges: {
      see: ["*", "body.Env", "body.TaskTemplate.ContainerSpec.Env", "config.envs", "container.env"],
      change: ["*"],
      clientProcess: true,
      helpers: true,
      runAsRoot: false,
    },
    hooks: (describePlugin(plugin).hooks ?? []).map(({ hook }) => ({
      hook,
      order: undefined,
      filter: {},
      failPolicy: "closed",
      timeout: 2_000,
    })),
    routes: [],
    callee: {
      call: unused,
      handler: (hook) => {
        const handler = requiredHandler(plugin, hook);
        return (input, call) => handler(input, new CallContext(call.facts, {}, unused, call));
      },
      route: unused,
      suspect: unused,
      shares: true,
    },
    breaker: createBreaker(),
  };
}
