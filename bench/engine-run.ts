import { execFileSync } from "node:child_process";
import { engineGateway, type OwnPlugin } from "../tests/support/engine-gateway.ts";
import { runtimeEngine } from "../tests/support/runtime-engine.ts";
import type { Measurement } from "./measurement.ts";

const rounds = 25;
const warm = 3;

/** One OCI hook before each container's network. */
const oneHook: OwnPlugin = {
  engine: { entry: "index.js", hooks: ["container.preStart"] },
  files: {
    "index.js": `const hook = { path: "/bin/true", args: ["true"], priority: 1 };
      export default { name: "one-hook", hooks: { "container.preStart": () => ({ hooks: [hook] }) } };`,
  },
};

/**
 * `docker run --rm` of a container with a memory limit, a volume and a network, from the start of the client to its end: through a gateway with plug-ins in processes
 * of their own that set the limit, label, and give volumes options, and one that gives an OCI hook; beside the same request to the same engine with runc. Rounds alternate; medians.
 */
export async function benchEngineRun(): Promise<readonly Measurement[]> {
  const ends: (() => unknown)[] = [];
  const context = { after: (end?: unknown) => void ends.push(end as () => unknown) };
  try {
    const { engine, records } = await runtimeEngine(context, { bridge: "10.214.81.1/24" });
    const grants = ["hook:container.preCreate", "hook:volume.preCreate", "hook:network.preCreate", "change:body.Labels", "change:Labels"];
    const gateway = await engineGateway(context, engine.host, {
      records,
      own: { "one-hook": oneHook },
      plugins: [
        { from: "plugins/env-to-limits" },
        { from: "plugins/labeler", grants: [...grants, "see:body.Labels", "see:Labels", "see:Name"] },
        { from: "plugins/default-volume-options", values: { volumes: { labels: "backup=daily" } } },
        { from: "one-hook" },
      ],
    });
    const run = (host: string, ...options: string[]): number => {
      const start = performance.now();
      execFileSync("docker", ["-H", host, "run", "--rm", "-v", "/data", "-e", "MEMORY_LIMIT=64Mi", ...options, "tiny", "true"], {
        stdio: "ignore",
      });
      return performance.now() - start;
    };
    const [ours, direct]: [number[], number[]] = [[], []];
    for (let round = -warm; round < rounds; round += 1) {
      const times = [run(gateway.host), run(engine.host, "--runtime", "runc", "--memory", "64m")] as const;
      if (round < 0) continue;
      ours.push(times[0]);
      direct.push(times[1]);
    }
    const [value, peer] = [median(ours), median(direct)];
    return [
      {
        name: "docker run --rm with plug-ins and an OCI hook",
        value,
        unit: "ms",
        peer: { name: "the engine itself with runc", value: peer },
        goal: "ratio at most 1.05",
      },
      { name: "docker run --rm, time added", value: Math.round((value - peer) * 10) / 10, unit: "ms", goal: "at most 40" },
    ];
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function median(values: readonly number[]): number {
  return Math.round((values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN) * 10) / 10;
}
