import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { nodesOf } from "./support/cluster-nodes.ts";
import { type ClusterStand, clusterStand, linesOf, shellPlugin } from "./support/cluster-stand.ts";
import { root } from "./support/sandbox.ts";

interface Wanted {
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly string[];
  readonly greeting: string;
  readonly plugins?: readonly string[];
  readonly nodes?: number;
}

/** A Clusterfile of the first hosts, the first a master; labels and taints are the second one's. */
function clusterfile(stand: ClusterStand, { labels = {}, taints = [], greeting, plugins = [], nodes = 1 }: Wanted): string {
  const [master, node, ...more] = stand.hosts.map(({ ip }) => ip);
  const hosts = [
    { ips: [master], roles: ["master"] },
    { ips: [node], roles: ["node"], labels, taints },
    ...(nodes === 1 ? [] : [{ ips: more, roles: ["node"] }]),
  ];
  const cluster = {
    apiVersion: "sealer.cloud/v2",
    kind: "Cluster",
    metadata: { name: "changing" },
    spec: { image: "tiny:1", ssh: { user: "root", pk: stand.keyFile }, hosts },
  };
  const spec = { path: "etc/greeting.yaml", data: `greeting: ${greeting}\n` };
  const config = { apiVersion: "sealer.aliyun.com/v1alpha1", kind: "Config", metadata: { name: "greeting" }, spec };
  return stand.write("Clusterfile", [JSON.stringify(cluster), JSON.stringify(config), ...plugins].join("\n---\n"));
}

test("a Clusterfile that changes: labels, taints, files and plug-ins come to the cluster that is there", {
  timeout: 180_000,
}, async (context) => {
  const stand = await clusterStand(context, 3);
  const [master, node, third] = stand.hosts;
  assert.ok(master && node && third);
  const done = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await stand.cluster(...words);
    assert.equal(code, 0, `${words.join(" ")}\n${stdout}${stderr}`);
    return stdout + stderr;
  };
  const greetings = (): readonly unknown[] =>
    stand.hosts.map((host) => linesOf(host, "/var/lib/outrigger/clusters/changing/rootfs/etc/greeting.yaml")[0]);
  const nodeFacts = async (): Promise<unknown> => {
    const found = (await nodesOf(stand)).find(({ status }) => status?.addresses?.some(({ address }) => address === node.ip));
    const { disk, zone } = found?.metadata.labels ?? {};
    return { disk, zone, taints: found?.spec.taints ?? [] };
  };
  await done("build", "-t", "tiny:1", join(root, "examples/tiny-cluster"));
  const first = { labels: { disk: "ssd", zone: "a" }, taints: ["dedicated=yes:NoSchedule"], greeting: "hello" };
  await done("apply", "-f", clusterfile(stand, first), "-y");
  const taint = { key: "dedicated", value: "yes", effect: "NoSchedule" };
  assert.deepEqual(await nodeFacts(), { disk: "ssd", zone: "a", taints: [taint] });
  assert.match(await done("apply", "-f", clusterfile(stand, first), "-y"), /is as it is wanted: nothing to do/);

  const mark = shellPlugin("mark", "PostJoin", 'echo "joined" >> /root/marks');
  const file = clusterfile(stand, { labels: { disk: "nvme" }, greeting: "good morning", plugins: [mark] });
  const planned = await done("plan", "-f", file);
  for (const line of [/^plug-ins added: mark$/m, /^hosts with other .* labels.*: \S+$/m, /^settings, documents/m, /^update changing /m])
    assert.match(planned.replaceAll(/^ +/gm, ""), line);
  assert.deepEqual(greetings(), ["greeting: hello", "greeting: hello", undefined], "a plan changes nothing");
  assert.match(await done("apply", "-f", file, "-y"), /plug-ins added: mark[\s\S]*changing: update is done/);
  assert.deepEqual(await nodeFacts(), { disk: "nvme", zone: undefined, taints: [] });
  assert.deepEqual(greetings(), ["greeting: good morning", "greeting: good morning", undefined]);
  assert.match(await done("apply", "-f", file, "-y"), /nothing to do/);

  // A later operation has the new plug-in, whichever command begins it.
  await done("join", "-n", third.ip, "--pk", stand.keyFile);
  assert.deepEqual(
    stand.hosts.map((host) => linesOf(host, "/root/marks")),
    [[], [], ["joined"]],
  );
  assert.deepEqual(greetings(), ["greeting: good morning", "greeting: good morning", "greeting: good morning"]);
});

test("an update that fails is resumed, and what it was to take away is taken away", { timeout: 180_000 }, async (context) => {
  const stand = await clusterStand(context, 2);
  const [, node] = stand.hosts;
  assert.ok(node);
  const built = await stand.cluster("build", "-t", "tiny:1", join(root, "examples/tiny-cluster"));
  assert.equal(built.code, 0, built.stderr);
  const created = await stand.cluster("apply", "-f", clusterfile(stand, { labels: { zone: "a" }, greeting: "hello" }), "-y");
  assert.equal(created.code, 0, created.stderr);
  const used = Number((await node.exec("df -B1 --output=used /var/lib/outrigger | tail -n 1")).stdout);
  node.limitDisk(used + 50_000);
  const failed = await stand.cluster("apply", "-f", clusterfile(stand, { greeting: "x".repeat(300_000) }), "-y");
  assert.equal(failed.code, 1, failed.stdout);
  assert.match(failed.stderr, /no room/);
  node.limitDisk();
  const resumed = await stand.cluster("resume", "changing");
  assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr);
  const zones = (await nodesOf(stand)).map(({ metadata }) => metadata.labels?.["zone"]);
  assert.deepEqual(zones, [undefined, undefined]);
});
