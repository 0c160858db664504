import {
  builtInTypes,
  type ClusterImageFacts,
  type ClusterPlugin,
  formatPlan,
  type Host,
  makePlan,
  type PlanInput,
  type PluginTypes,
  planDocument,
  usualRules,
} from "@outrigger/cluster";
import type { PhaseName } from "@outrigger/plugin";
import type { Measurement } from "./measurement.ts";

const rounds = 5;
const hostCount = 500;
const pluginCount = 50;
const phases: readonly PhaseName[] = ["pre-init-host", "PreInit", "post-init-host", "PreGuest", "PostInstall"];

/** A plan for 500 hosts with 50 SHELL plug-ins, each at one phase: 25,000 scripts. Median of five; one process, nothing warmed up before the first. */
export function benchClusterPlan(): readonly Measurement[] {
  const input = inputOf();
  const times: number[] = [];
  const [first] = [seconds(() => makePlan(input))];
  for (let round = 0; round < rounds; round += 1) times.push(seconds(() => makePlan(input)));
  const plan = makePlan(input);
  const goal = "under 1 s";
  const name = `a plan of ${hostCount} hosts x ${pluginCount} plug-ins`;
  return [
    { name: `${name}, the first in a process`, value: first, unit: "s", goal },
    { name, value: times.toSorted((a, b) => a - b)[(rounds - 1) / 2] ?? 0, unit: "s", goal },
    { name: "its text", value: seconds(() => formatPlan(plan, { scripts: false })), unit: "s", goal },
    { name: "its JSON", value: seconds(() => JSON.stringify(planDocument(plan))), unit: "s", goal: "none" },
  ];
}

function seconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return Math.round(performance.now() - start) / 1000;
}

function inputOf(): PlanInput {
  const types: PluginTypes = {
    get: (type) => {
      const found = builtInTypes.get(type);
      if (found === undefined) throw new TypeError(`no type ${type}`);
      return found;
    },
    close: async () => {},
  };
  const hosts = Array.from(
    { length: hostCount },
    (_, index): Host => ({
      ip: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`,
      roles: [index < 3 ? "master" : "node"],
      ssh: { user: "root", port: 22 },
      env: { REGION: "north", RACK: `r${index % 20}`, PROXY: "http://proxy.example:3128" },
      labels: {},
      taints: [],
    }),
  );
  const plugins = Array.from(
    { length: pluginCount },
    (_, index): ClusterPlugin => ({
      ...usualRules,
      name: `plugin-${index}`,
      type: "SHELL",
      phases: [phases[index % phases.length] ?? "PostInstall"],
      targets:
        index % 2 === 0
          ? []
          : [
              { kind: "role", role: "node" },
              { kind: "role", role: "master" },
            ],
      scoped: false,
      data: Array.from({ length: 20 }, (__, line) => `echo "step ${line} of plug-in ${index} on $HostIP in $REGION"`).join("\n"),
      origin: { from: "clusterfile", file: "Clusterfile", line: 10 * index + 1 },
    }),
  );
  const image: ClusterImageFacts = {
    reference: "tiny:1",
    digest: `sha256:${"1".repeat(64)}`,
    kind: "cluster",
    platforms: [{ os: "linux", architecture: "amd64" }],
    commands: [],
    env: {},
    labels: {},
    scripts: ["init.sh", "create.sh", "join.sh", "ready.sh"],
    plugins: [],
    containerImages: [],
  };
  const cluster = { name: "bench", image: "tiny:1", hosts, commandArguments: [], settings: {}, configs: [], kubeadm: [], plugins };
  return { operation: "create", cluster, image, types };
}
