import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { nodesOf } from "./support/cluster-nodes.ts";
import { type ClusterStand, clusterStand } from "./support/cluster-stand.ts";
import { root } from "./support/sandbox.ts";

/** A Clusterfile of the first hosts with a plug-in of every built-in type but ETCD, which the tiny cluster has none of. */
function clusterfile(stand: ClusterStand, count: number, more: readonly unknown[] = []): string {
  const [master, ...nodes] = stand.hosts.slice(0, count).map(({ ip }) => ip);
  const plugin = (name: string, type: string, action: string, data?: string, rest = {}): unknown => ({
    apiVersion: "sealer.aliyun.com/v1alpha1",
    kind: "Plugin",
    metadata: { name },
    spec: { type, action, ...(data === undefined ? {} : { data }), ...rest },
  });
  const cluster = {
    apiVersion: "sealer.cloud/v2",
    kind: "Cluster",
    metadata: { name: "built-in" },
    spec: {
      image: "tiny:1",
      ssh: { user: "root", pk: stand.keyFile },
      hosts: [
        { ips: [master], roles: ["master"] },
        { ips: nodes, roles: ["node"] },
      ],
    },
  };
  const all = [master, ...nodes];
  const documents = [
    cluster,
    plugin("names", "HOSTNAME", "PreInit|PreJoin", all.map((ip, index) => `${ip}   named-${index}`).join("\n")),
    plugin("check", "CLUSTERCHECK", "PreGuest", undefined, { timeout: 60 }),
    plugin("labels", "LABEL", "PreGuest", `${all.join(",")} disk=ssd\n${master} zone=a`),
    plugin("taints", "TAINT", "PreGuest", `${master} dedicated=yes:NoSchedule`),
    plugin("mark", "SHELL", "PostInstall|PostJoin", "echo $OUTRIGGER_PHASE $HostIP >>/root/marks\n", { undo: "rm /root/marks\n" }),
    ...more,
  ];
  return stand.write("Clusterfile", documents.map((each) => JSON.stringify(each)).join("\n---\n"));
}

const name = async (stand: ClusterStand, index: number): Promise<string | undefined> =>
  (await stand.hosts[index]?.exec("cat /proc/sys/kernel/hostname"))?.stdout.trim();

async function build(stand: ClusterStand): Promise<void> {
  const built = await stand.cluster("build", "-t", "tiny:1", join(root, "examples/tiny-cluster"));
  assert.equal(built.code, 0, built.stderr);
}

test("built-in plug-ins of a Clusterfile do their work at create, and for the hosts that join", { timeout: 180_000 }, async (context) => {
  const stand = await clusterStand(context, 3);
  await build(stand);
  const created = await stand.cluster("apply", "-f", clusterfile(stand, 2), "-y");
  assert.equal(created.code, 0, created.stdout + created.stderr);
  const joined = await stand.cluster("apply", "-f", clusterfile(stand, 3), "-y");
  assert.equal(joined.code, 0, joined.stdout + joined.stderr);
  const found = await nodesOf(stand);
  assert.deepEqual(found.map(({ metadata }) => metadata.name).toSorted(), ["named-0", "named-1", "named-2"]);
  for (const { metadata } of found) assert.equal(metadata.labels?.["disk"], "ssd", metadata.name);
  const master = found.find(({ metadata }) => metadata.name === "named-0");
  assert.deepEqual(
    [master?.metadata.labels?.["zone"], master?.spec.taints],
    ["a", [{ key: "dedicated", value: "yes", effect: "NoSchedule" }]],
  );
  assert.equal(await name(stand, 2), "named-2");
  assert.deepEqual(
    stand.hosts.map((host) => host.read("/root/marks")),
    [0, 1, 2].map((index) => `${index < 2 ? "PostInstall" : "PostJoin"} ${stand.hosts[index]?.ip}\n`),
  );
});

test("a plug-in that fails with `onFailure: undo` takes names, labels, taints and scripts back", { timeout: 180_000 }, async (context) => {
  const stand = await clusterStand(context, 2);
  await build(stand);
  const spec = { type: "SHELL", action: "PostInstall", data: "exit 3", onFailure: "undo" };
  const failing = { apiVersion: "outrigger.dev/v1", kind: "Plugin", metadata: { name: "fails" }, spec };
  const before = [await name(stand, 0), await name(stand, 1)];
  const failed = await stand.cluster("apply", "-f", clusterfile(stand, 2, [failing]), "-y");
  assert.notEqual(failed.code, 0, failed.stdout);
  assert.deepEqual([await name(stand, 0), await name(stand, 1)], before);
  assert.deepEqual(
    stand.hosts.map((host) => host.read("/root/marks")),
    [undefined, undefined],
  );
  for (const { metadata, spec: has } of await nodesOf(stand)) {
    assert.deepEqual([metadata.labels?.["disk"], metadata.labels?.["zone"], has.taints ?? []], [undefined, undefined, []], metadata.name);
  }
});
