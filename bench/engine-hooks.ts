import type { EnginePrivileges } from "@outrigger/plugin";
import type { ChangeInputs } from "@outrigger/sdk";
import { AsyncSeriesWaterfallHook } from "tapable";
import { createDispatcher } from "../packages/engine/src/hooks/create-dispatcher.ts";
import type { Call } from "../packages/engine/src/hooks/dispatcher.ts";
import type { TraceSink } from "../packages/engine/src/hooks/traces.ts";
import { inlineMember } from "../packages/engine/test/support/inline-member.ts";
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

const everything: EnginePrivileges = {
  see: ["*", "body.Env", "body.TaskTemplate.ContainerSpec.Env", "config.envs", "container.env"],
  change: ["*"],
  clientProcess: true,
  helpers: true,
  runAsRoot: false,
};
const labelsOnly: EnginePrivileges = { change: ["body.Labels.*"], clientProcess: false, helpers: false, runAsRoot: false };

/** Takes traces as the gateway's store does, and forgets them. */
const traces: TraceSink = { input: () => {}, call: () => {} };

/**
 * A waterfall of three inline plug-ins beside tapable's AsyncSeriesWaterfallHook: the same handlers, tapped as they are, and the same inputs, each read anew from JSON.
 * Both give a promise that is awaited. Goal: within 1.2 times tapable's time, for plug-ins that see and change everything and a dispatcher without traces.
 * What ours does on top even there: deadlines, fail policies, breakers, a context for each handler, the shape of changed inputs, and who changed something.
 * For information, without a goal: with traces, as the gateway runs it, where inputs are made immutable; and with privileges, where changes are looked for at once.
 */
export async function benchEngineHooks(): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const [name, handlers] of works) {
    const cases = [
      ["", dispatch(handlers, everything), "at most 1.2 times tapable"],
      [", with traces", dispatch(handlers, everything, traces), "none, for information"],
      [", privileges for labels only", dispatch(handlers, labelsOnly), "none, for information"],
    ] as const;
    const [peers = 0, ...ours] = await compare([waterfall(handlers), ...cases.map(([, work]) => work)]);
    for (const [index, [how, , goal]] of cases.entries()) {
      const peer = { name: "tapable", value: peers };
      measurements.push({ name: `waterfall of 3 plug-ins ${name}${how}`, value: ours[index] ?? 0, unit: "µs", peer, goal });
    }
  }
  return measurements;
}

function dispatch(handlers: readonly Handler[], privileges: EnginePrivileges, sink?: TraceSink): (input: Input) => Promise<unknown> {
  const members = handlers.map((handler, index) =>
    inlineMember({ name: `plugin-${index}`, hooks: { "container.preCreate": handler } }, { privileges }),
  );
  const dispatcher = createDispatcher(members, sink);
  const call: Call = { requestId: "r1", client: null, apiVersion: "1.41", door: "create", signal: new AbortController().signal };
  return (input) => dispatcher.change("container.preCreate", input, call);
}

function waterfall(handlers: readonly Handler[]): (input: Input) => Promise<unknown> {
  const hook = new AsyncSeriesWaterfallHook<[Input]>(["input"]);
  // tapable goes on with the old value where a handler gives nothing, though its types don't say so.
  for (const [index, handler] of handlers.entries()) hook.tapPromise(`plugin-${index}`, handler as (input: Input) => Promise<Input>);
  return (input) => hook.promise(input);
}

/** Microseconds for one input, for each: the best of several rounds, which take turns so that all see the same machine. */
async function compare(works: readonly ((input: Input) => Promise<unknown>)[]): Promise<readonly number[]> {
  const best = works.map(() => Infinity);
  for (let round = 0; round < 30; round += 1) {
    for (const [index, work] of works.entries()) best[index] = Math.min(best[index] ?? Infinity, await time(work));
  }
  return best.map((value) => Math.round(value * 100) / 100);
}

async function time(work: (input: Input) => Promise<unknown>): Promise<number> {
  const inputs = Array.from({ length: 5_000 }, () => JSON.parse(text) as Input);
  const start = performance.now();
  for (const input of inputs) await work(input);
  return ((performance.now() - start) * 1000) / inputs.length;
}
