import assert from "node:assert/strict";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { PlanDocument } from "@outrigger/cluster";
import { type ClusterStand, clusterStand, linesOf, shellPlugin } from "./support/cluster-stand.ts";
import { startRegistry } from "./support/registry.ts";
import { execute, type Result, root } from "./support/sandbox.ts";

const manifest = (privileges: string): string => `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: list-nodes, version: 1.0.0 }
spec:
  layer: cluster
  cluster: { type: NAME_NODES, entry: src/list.ts, phases: [PostInstall], privileges: [${privileges}] }
  config:
    - group: list
      items:
        - { name: PREFIX, type: string, default: node }
        - { name: SORT, type: single, options: [up, down], required: true }
`;

/** Its code is two files of the package, one beside the other's folder. */
const list = `import { defineClusterPlugin } from "@outrigger/sdk";
import { sorted } from "../lib/sorted.ts";

export const pluginType = "NAME_NODES";

export default defineClusterPlugin({
  async run(context) {
    const { PREFIX, SORT } = context.values.list;
    const nodes = await context.kubernetes.listNodes();
    for (const name of sorted(nodes.map(({ metadata }) => metadata.name), SORT)) context.log.info(\`\${PREFIX}=\${name}\`);
  },
});
`;
const sorted = `export function sorted(names: readonly string[], order: unknown): readonly string[] {
  return order === "down" ? names.toSorted().toReversed() : names.toSorted();
}
`;

const podPlugin = `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: watcher, version: 1.0.0 }
spec:
  layer: pod
  pod: { type: general, source: { dockerfile: {} }, resources: { memory: 16Mi, cpu: 100m } }
`;

const digestPattern = /^sha256:[0-9a-f]{64}$/;

test("a package of a registry runs as a cluster's plug-in: planned with its digest, held, checked, refused where it must be", {
  timeout: 240_000,
}, async (context) => {
  const stand = await clusterStand(context, 2);
  const registry = await startRegistry(context);
  const cache = { OUTRIGGER_CACHE: join(stand.folder, "cache"), OUTRIGGER_TRUST: "" };
  const cluster = (...words: readonly string[]): Promise<Result> => stand.clusterWith(cache, ...words);
  await good(stand.cluster("build", "-t", "tiny:1", "--build-arg", "VERSION=v1", join(root, "examples/tiny-cluster")));
  const name = (text: string): string => `${registry.host}/tools/${text}`;
  const digest = await publish(stand, name("list-nodes:1.0.0"), { "plugin.yaml": manifest("kubernetes:read"), "src/list.ts": list });
  assert.match(digest, digestPattern);

  const author = join(stand.folder, "work");
  await good(execute(join(root, "outrigger"), ["plugin", "init", "kernel-label", "--layer", "cluster"], author));
  await pushFolder(stand, join(author, "plugins/kernel-label"), name("kernel-label:1.0.0"));
  const values = "values: { list: { SORT: down } }";
  const wanted = clusterfile(stand, name("list-nodes:1.0.0"), values, plugin("kernel", `package: "${name("kernel-label:1.0.0")}"`));
  const planned = await good(cluster("plan", "-f", wanted));
  assert.ok(planned.stdout.includes(`built on package ${name("list-nodes:1.0.0")} (${digest.slice(0, 19)})`), planned.stdout);
  const { plans } = JSON.parse((await good(cluster("plan", "-f", wanted, "-o", "json"))).stdout) as {
    readonly plans: readonly PlanDocument[];
  };
  const entry = plans[0]?.stages.flatMap(({ entries }) => entries).find((each) => each.name === "list");
  assert.deepEqual(entry?.plugin?.package, { reference: name("list-nodes:1.0.0"), digest });

  const applied = await good(cluster("apply", "-f", wanted, "-y"));
  const printed = [...(applied.stdout + applied.stderr).matchAll(/node=(host-\d)/g)].map(([, host]) => host);
  assert.deepEqual(printed, ["host-2", "host-1"]);
  for (const { hostname } of stand.hosts) assert.match(applied.stdout + applied.stderr, new RegExp(`${hostname} runs \\d`));
  const listed = JSON.parse((await good(cluster("plugin", "ls", "-o", "json"))).stdout) as readonly { readonly plugin: string }[];
  const { package: of, version, origin, state } = listed.find(({ plugin }) => plugin === "list") as unknown as Record<string, unknown>;
  assert.deepEqual([of, version, state], [{ reference: name("list-nodes:1.0.0"), digest }, name("list-nodes:1.0.0"), "healthy"]);
  assert.match(String(origin), /^\/.*\/Clusterfile:\d+, built on package .*\(sha256:[0-9a-f]{12}\)$/);
  // Its settings are known without a word in the Clusterfile, from the store: the registry is not asked again.
  rmSync(join(registry.folder, "data"), { recursive: true });
  rmSync(cache.OUTRIGGER_CACHE, { recursive: true });
  await good(cluster("plugin", "configure", "list", "--set", "list.PREFIX=machine"));
  await refused(cluster("plugin", "configure", "list", "--set", "list.SORT=sideways"), /list\.SORT/);
  const byHand = await good(cluster("plugin", "run", "list"));
  assert.match(byHand.stdout + byHand.stderr, /machine=host-2/);

  await refused(
    cluster("plan", "-f", clusterfile(stand, name("none:1"))),
    /Clusterfile:\d+:\d+: spec\.package: The package .*none:1 can't be used/,
  );
  await refused(cluster("plan", "-f", clusterfile(stand, name("list-nodes:1.0.0"))), /spec\.values\.list\.SORT: SORT has no value/);
  await publish(stand, name("watcher:1"), { "plugin.yaml": podPlugin, Dockerfile: "FROM scratch\n" });
  await refused(cluster("plan", "-f", clusterfile(stand, name("watcher:1"))), /watcher:1 can't be used: it is a plug-in of the layer pod/);

  const policy = stand.write(
    "trust.yaml",
    `apiVersion: outrigger.dev/v1
kind: TrustPolicy
default: refuse
rules: [{ name: docker.io/library/tiny, require: nothing }]
`,
  );
  await refused(
    stand.clusterWith({ ...cache, OUTRIGGER_TRUST: policy }, "plan", "-f", clusterfile(stand, name("list-nodes:1.0.0"))),
    /tools\/list-nodes.*no rule is for this name/,
  );

  await publish(stand, name("list-nodes:local"), { "plugin.yaml": manifest("kubernetes:read, local"), "src/list.ts": list });
  const asking = clusterfile(stand, name("list-nodes:local"), "values: { list: { SORT: up } }");
  await refused(cluster("plan", "-f", asking), /The plug-in list of the package .*list-nodes:local asks to use this machine's files/);
  // The Clusterfile's own word for it is no consent either, and a plan with it is one.
  const own = clusterfile(stand, name("list-nodes:1.0.0"), "privileges: [kubernetes:read, local], values: { list: { SORT: up } }");
  await refused(cluster("plan", "-f", own), /--grant list/);
  await good(cluster("plan", "-f", asking, "--grant", "list"));
});

const mark = (words: string): string => `import { words } from "./words.ts";
export const pluginType = "MARK";
export default {
  async run(context) {
    for (const { ip } of context.hosts) await context.exec(ip, "echo " + words + "${words} >> /root/marks");
  },
};
`;
const markManifest = `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: mark, version: 1.0.0 }
spec:
  layer: cluster
  cluster: { type: MARK, entry: mark.ts, phases: [PostInstall], privileges: [exec] }
`;

test("a plug-in's task is another when its code is, wherever that lies, and a run that goes on does it again", {
  timeout: 240_000,
}, async (context) => {
  const stand = await clusterStand(context, 1);
  const [host] = stand.hosts;
  assert.ok(host !== undefined);
  await good(stand.cluster("build", "-t", "tiny:1", "--build-arg", "VERSION=v1", join(root, "examples/tiny-cluster")));
  stand.write("mark/plugin.yaml", markManifest);
  const code = stand.write("mark/mark.ts", mark("1"));
  const words = stand.write("mark/words.ts", 'export const words = "a";\n');
  const folder = join(code, "..");
  const document = (place: string): string => plugin("mark", `package: ${place}`);
  const gate = shellPlugin("gate", "PostInstall", "test -e /root/open");
  const file = stand.write("Clusterfile", `${clusterText(stand)}---\n${document("./mark")}---\n${gate}`);

  const digest = async (at = file): Promise<string> => {
    const { stdout } = await good(stand.cluster("plan", "-f", at, "-o", "json"));
    const { plans } = JSON.parse(stdout) as { readonly plans: readonly PlanDocument[] };
    const found = plans[0]?.stages.flatMap(({ entries }) => entries).find(({ name }) => name === "mark")?.tasks[0]?.digest;
    assert.match(found ?? "", digestPattern);
    return found ?? "";
  };
  const first = await digest();
  cpSync(folder, join(stand.folder, "moved"), { recursive: true });
  const elsewhere = stand.write("other/Clusterfile", `${clusterText(stand)}---\n${document(join(stand.folder, "moved"))}`);
  assert.equal(await digest(elsewhere), first, "the same code in another place is the same");

  const failed = await stand.cluster("apply", "-f", file, "-y");
  assert.notEqual(failed.code, 0);
  assert.deepEqual(linesOf(host, "/root/marks"), ["a1"]);
  const idle = await stand.cluster("resume");
  assert.notEqual(idle.code, 0);
  assert.deepEqual(linesOf(host, "/root/marks"), ["a1"], "nothing has changed: nothing is done twice");
  writeFileSync(words, 'export const words = "b";\n');
  assert.notEqual(await digest(), first, "also where another file of its folder has changed");
  const changed = await stand.cluster("resume");
  assert.match(changed.stdout + changed.stderr, /The code of MARK is another than when the run began/);
  assert.deepEqual(linesOf(host, "/root/marks"), ["a1", "b1"]);
  await host.exec("touch /root/open");
  const done = await good(stand.cluster("resume"));
  assert.doesNotMatch(done.stdout + done.stderr, /The code of MARK/);
  assert.deepEqual(linesOf(host, "/root/marks"), ["a1", "b1"]);
});

const plugin = (name: string, spec: string): string =>
  `apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;

function clusterText({ hosts, keyFile }: ClusterStand): string {
  const rows = hosts.map(({ ip }, index) => `{ ips: [${ip}], roles: [${index === 0 ? "master" : "node"}] }`);
  return `apiVersion: outrigger.dev/v1
kind: Cluster
metadata: { name: packed }
spec: { image: "tiny:1", ssh: { pk: ${keyFile} }, hosts: [${rows.join(", ")}] }
`;
}

/** A Clusterfile whose plug-in `list` builds on a package. */
function clusterfile(stand: ClusterStand, reference: string, more = "action: PostInstall", others = ""): string {
  return stand.write(
    "Clusterfile",
    `${clusterText(stand)}---\n${plugin("list", `package: "${reference}", ${more}`)}${others === "" ? "" : `---\n${others}`}`,
  );
}

/** Packs files in another store than the stand's, pushes it, and gives its digest. */
async function publish(stand: ClusterStand, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = `packing/${name.replace(/[^a-z0-9]/g, "-")}`;
  const first = Object.entries({ "lib/sorted.ts": sorted, ...files }).map(([path, text]) => stand.write(join(folder, path), text))[0] ?? "";
  return pushFolder(stand, first.slice(0, first.indexOf(folder) + folder.length), name);
}

async function pushFolder(stand: ClusterStand, place: string, name: string): Promise<string> {
  const env = { OUTRIGGER_PACKAGES: join(stand.folder, "author"), NO_COLOR: "1" };
  const packed = await good(execute(join(root, "outrigger"), ["pack", place, "-t", name], place, env));
  await good(execute(join(root, "outrigger"), ["push", name], place, env));
  return packed.stdout.trim();
}

async function good(running: Promise<Result>): Promise<Result> {
  const result = await running;
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}

async function refused(running: Promise<Result>, why: RegExp): Promise<void> {
  const { code, stdout, stderr } = await running;
  assert.notEqual(code, 0, stdout);
  assert.match(stderr, why);
}
