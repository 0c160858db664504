import { execFileSync } from "node:child_process";
import { after, before } from "node:test";
import { image } from "../packages/engine/test/support/gateway.ts";
import { answerSuite } from "../packages/engine/test/support/transparency/answers.ts";
import { clientSuite, clients } from "../packages/engine/test/support/transparency/cli.ts";
import { dockerPySuite } from "../packages/engine/test/support/transparency/docker-py.ts";
import type { Stand } from "../packages/engine/test/support/transparency/stand.ts";
import { engineGateway } from "./support/engine-gateway.ts";
import { runtimeEngine } from "./support/runtime-engine.ts";

const ends: (() => unknown)[] = [];
const stands = new Map<string, Stand>();

before(async () => {
  const context = { after: (end?: unknown) => void ends.push(end as () => unknown) };
  const { engine, records } = await runtimeEngine(context, { size: "1500m", bridge: "10.214.82.1/24" });
  execFileSync("sh", ["-c", `docker save ${image} | docker -H ${engine.host} load`], { stdio: "pipe" });
  const own = engine.host.replace("unix://", "");
  for (const [label, plugins] of [
    ["no plug-ins", []],
    ["pass-through", [{ from: "examples/engine-hooks/pass-through" }]],
  ] as const) {
    const { host, socket } = await engineGateway(context, engine.host, { records, plugins });
    stands.set(label, { host, path: socket, engine: own });
  }
});

after(async () => {
  for (const end of ends.toReversed()) await end();
});

const stand = (label: string): { readonly label: string; readonly start: () => Promise<Stand> } => ({
  label,
  start: () => {
    const made = stands.get(label);
    return made === undefined ? Promise.reject(new TypeError(`there is no gateway with ${label}`)) : Promise.resolve(made);
  },
});

answerSuite(stand("no plug-ins"));
answerSuite({ ...stand("pass-through"), readsBodies: true });
clientSuite(stand("no plug-ins"), clients.slice(-1));
clientSuite(stand("pass-through"), clients.slice(0, 1));
dockerPySuite(stand("no plug-ins"));
dockerPySuite(stand("pass-through"));
