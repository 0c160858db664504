import type { TestContext } from "node:test";
import { type FuzzReport, fuzz, type Judge } from "./disguise/fuzz.ts";
import { engineGateway } from "./engine-gateway.ts";
import { type OwnEngine, ownEngine } from "./own-engine.ts";
import { tinyImage } from "./tiny-image.ts";

/** All that policy asks for but the calling process, whose look-up costs a program a connection. */
const grants = [
  "hook:api.request",
  "hook:container.preCreate",
  "hook:container.preCreateEndpoint",
  "hook:container.preUpdate",
  "hook:volume.preCreate",
  "hook:network.preCreate",
  "hook:image.prePull",
];

/** Disguised requests to an engine of the test's own, before which a gateway with the baseline policy stands. */
export interface PolicyFuzz {
  readonly throughGateway: (seed: number, count: number) => Promise<FuzzReport>;
  readonly directly: (seed: number, count: number) => Promise<FuzzReport>;
}

export async function policyFuzz(context: TestContext): Promise<PolicyFuzz> {
  const engine = await ownEngine(context, "200m", { bridge: "10.214.78.1/24" });
  tinyImage(engine.host, "busybox");
  const gateway = await engineGateway(context, engine.host, { plugins: [{ from: "plugins/policy", grants }] });
  const judge = judgeOf(engine);
  return {
    throughGateway: (seed, count) => fuzz(gateway.socket, judge, seed, count),
    directly: (seed, count) => fuzz(engine.host.replace("unix://", ""), judge, seed, count),
  };
}

function judgeOf({ client }: OwnEngine): Judge {
  return {
    get: async <Answer>(path: string): Promise<Answer> => {
      const parts = await Array.fromAsync(await client.stream("GET", path));
      return JSON.parse(Buffer.concat(parts).toString()) as Answer;
    },
    remove: async (path) => void (await client.stream("DELETE", path)),
  };
}
