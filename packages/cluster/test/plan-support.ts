import { phaseNames } from "@outrigger/plugin";
import fc from "fast-check";
import {
  type Cluster,
  type ClusterImageFacts,
  type ClusterPlugin,
  clusterErrors,
  type Host,
  type Operation,
  type PlanInput,
  type PluginType,
  type PluginTypes,
  type Target,
  timelines,
  usualRules,
} from "../src/index.ts";

export function host(ip: string, ...roles: readonly string[]): Host {
  return { ip, roles: roles.length === 0 ? ["node"] : roles, ssh: { user: "root", port: 22 }, env: {}, labels: {}, taints: [] };
}

export function plugin(name: string, fields: Partial<ClusterPlugin> = {}): ClusterPlugin {
  return {
    ...usualRules,
    name,
    type: "SHELL",
    phases: ["PostInstall"],
    targets: [],
    scoped: false,
    data: `echo ${name}`,
    origin: { from: "clusterfile", file: "Clusterfile", line: 20 },
    ...fields,
  };
}

export function cluster(fields: Partial<Cluster> = {}): Cluster {
  return {
    name: "blue",
    image: "tiny:1",
    hosts: [host("10.0.0.1", "master"), host("10.0.0.2", "master"), host("10.0.0.3"), host("10.0.0.4")],
    commandArguments: [],
    settings: { network: { podCIDR: "10.1.0.0/16" } },
    configs: [],
    kubeadm: [],
    plugins: [],
    ...fields,
  };
}

export const allScripts: readonly string[] = [
  "init.sh",
  "create.sh",
  "join-token.sh",
  "join.sh",
  "ready.sh",
  "leave.sh",
  "clean.sh",
  "upgrade.sh",
  "rollback.sh",
];

export function image(fields: Partial<ClusterImageFacts> = {}): ClusterImageFacts {
  return {
    reference: "tiny:1",
    digest: `sha256:${"1".repeat(64)}`,
    kind: "cluster",
    platforms: [{ os: "linux", architecture: "amd64" }],
    commands: ["echo launched"],
    env: {},
    labels: {},
    scripts: allScripts,
    plugins: [],
    containerImages: [],
    ...fields,
  };
}

/** A type with scripts and one that is called, as small as they can be. */
const known: Readonly<Record<string, PluginType>> = {
  SHELL: {
    kind: "scripted",
    type: "SHELL",
    check: ({ data }) =>
      typeof data === "string" ? [] : [{ path: ["spec", "data"], code: "wrong-type", message: "The data must be a script." }],
    script: ({ data, strict }, { host: { env }, rootfs }) => ({
      text: String(data),
      env,
      ...(rootfs === undefined ? {} : { workingDirectory: rootfs }),
      strict,
      skipWithoutDirectory: false,
    }),
  },
  LABEL: { kind: "called", type: "LABEL", phases: ["PreGuest", "PostInstall"], privileges: [], check: () => [], run: async () => {} },
  ETCD: {
    kind: "scripted",
    type: "ETCD",
    place: "master0",
    check: () => [],
    script: () => ({ text: "etcdctl", env: {}, strict: true, skipWithoutDirectory: false }),
  },
};

export const types: PluginTypes = {
  get: (type) => {
    const found = known[type];
    if (found === undefined) throw clusterErrors["plugin-type-unknown"]({ type, known: Object.keys(known).join(", ") });
    return found;
  },
  close: async () => {},
};

export function input(operation: Operation, fields: Partial<Omit<PlanInput, "operation">> = {}): PlanInput {
  return { operation, cluster: cluster(), image: image(), types, ...fields };
}

const targetFrom: fc.Arbitrary<Target> = fc.constantFrom<Target>(
  { kind: "role", role: "master" },
  { kind: "role", role: "node" },
  { kind: "master0" },
  { kind: "addresses", from: "10.9.0.1", to: "10.9.0.2" },
  { kind: "labels", selector: "disk=ssd" },
);

const pluginFrom: fc.Arbitrary<Partial<ClusterPlugin>> = fc.record({
  type: fc.constantFrom("SHELL", "ETCD"),
  data: fc.string(),
  phases: fc.uniqueArray(fc.constantFrom(...phaseNames), { minLength: 1 }),
  targets: fc.array(targetFrom, { maxLength: 3 }),
  disabled: fc.boolean(),
});

/** Any input that gives a plan. */
export const inputFrom: fc.Arbitrary<PlanInput> = fc
  .record({
    operation: fc.constantFrom<Operation>(...(Object.keys(timelines) as Operation[])),
    masters: fc.integer({ min: 1, max: 3 }),
    nodes: fc.integer({ min: 1, max: 5 }),
    plugins: fc.array(pluginFrom, { maxLength: 6 }),
    labelled: fc.boolean(),
    scripts: fc.subarray([...allScripts]),
    commands: fc.array(fc.string(), { maxLength: 3 }),
    touched: fc.array(fc.integer({ min: 1, max: 7 })),
  })
  .map(({ operation, masters, nodes, plugins, labelled, scripts, commands, touched }) => {
    const hosts = Array.from({ length: masters + nodes }, (_, index) => ({
      ...host(`10.9.0.${index + 1}`, index < masters ? "master" : "node"),
      labels: index === 0 || (labelled && index % 2 === 0) ? { disk: "ssd" } : {},
    }));
    const some = hosts.filter((_, index) => index > 0 && touched.includes(index)).map(({ ip }) => ip);
    const partial = operation === "join" || operation === "scale-down";
    return input(operation, {
      cluster: cluster({ hosts, plugins: plugins.map((fields, index) => plugin(`p${index}`, fields)) }),
      image: image({ kind: operation === "apps" ? "application" : "cluster", scripts: [...new Set(["create.sh", ...scripts])], commands }),
      ...(partial ? { touched: some } : {}),
    });
  });
