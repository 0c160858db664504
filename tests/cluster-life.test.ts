import assert from "node:assert/strict";
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type PhaseName, phaseNames } from "@outrigger/plugin";
import { type ClusterStand, clusterStand, linesOf, shellPlugin } from "./support/cluster-stand.ts";
import { execute, root } from "./support/sandbox.ts";
import type { SshHost } from "./support/ssh-hosts.ts";

/** What each operation fires, by hand from what the phases mean: `hosts` on all that it touches, `master0` on the first master alone. */
const expected: Readonly<Record<string, readonly (readonly [PhaseName, "hosts" | "master0"])[]>> = {
  create: [
    ["Originally", "hosts"],
    ["pre-install", "master0"],
    ["pre-init-host", "hosts"],
    ["PreInit", "hosts"],
    ["PreInstall", "hosts"],
    ["post-init-host", "hosts"],
    ["post-install", "master0"],
    ["PreGuest", "hosts"],
    ["PostGuest", "hosts"],
    ["PostInstall", "hosts"],
  ],
  join: [
    ["Originally", "hosts"],
    ["pre-scaleup", "master0"],
    ["pre-init-host", "hosts"],
    ["PreJoin", "hosts"],
    ["post-init-host", "hosts"],
    ["post-scaleup", "master0"],
    ["PreGuest", "hosts"],
    ["PostJoin", "hosts"],
  ],
  "scale-down": [
    ["PreClean", "hosts"],
    ["pre-clean-host", "hosts"],
    ["post-clean-host", "hosts"],
    ["PostClean", "hosts"],
  ],
  upgrade: [
    ["PreUpgrade", "hosts"],
    ["upgrade-host", "hosts"],
    ["upgrade", "master0"],
    ["PostUpgrade", "hosts"],
  ],
  rollback: [
    ["PreRollback", "hosts"],
    ["rollback", "master0"],
    ["PostRollback", "hosts"],
  ],
  delete: [
    ["pre-uninstall", "master0"],
    ["PreClean", "hosts"],
    ["pre-clean-host", "hosts"],
    ["post-clean-host", "hosts"],
    ["PostClean", "hosts"],
    ["post-uninstall", "master0"],
  ],
};

const stamp = `import { defineClusterPlugin } from "@outrigger/sdk";

export const pluginType = "STAMP";

export default defineClusterPlugin({
  async run(context, phase) {
    for (const { ip } of context.hosts) await context.exec(ip, 'echo "stamp $PHASE" >> /root/phases', { env: { PHASE: phase } });
    context.log.info(\`stamped \${context.hosts.length}\`);
  },
});
`;

test("a cluster of three masters and three workers lives its whole life, each phase on exactly its hosts", {
  timeout: 240_000,
}, async (context) => {
  const stand = await clusterStand(context, 6);
  const [master0, , , , joining, leaving] = stand.hosts;
  assert.ok(master0 !== undefined && joining !== undefined && leaving !== undefined);
  await buildImages(stand);
  const ip = (index: number): string => stand.hosts[index]?.ip ?? "";

  const created = await stand.cluster(
    "run",
    "life:1",
    "--name",
    "life",
    "-m",
    `${ip(0)}-${ip(2)}`,
    "-n",
    ip(3),
    "--pk",
    stand.keyFile,
    "-y",
  );
  assert.equal(created.code, 0, created.stderr + created.stdout);
  fired(stand, "create", stand.hosts.slice(0, 4));
  for (const { hostname } of stand.hosts.slice(0, 4))
    assert.match(created.stdout + created.stderr, new RegExp(`list_nodes.so \\| ${hostname}`));
  assert.match(created.stdout + created.stderr, /stamped 4/);

  const joined = await stand.cluster("join", "-n", `${joining.ip},${leaving.ip}`);
  assert.equal(joined.code, 0, joined.stderr);
  fired(stand, "join", [joining, leaving]);

  const shrunk = await stand.cluster("delete", "-n", leaving.ip, "-y");
  assert.equal(shrunk.code, 0, shrunk.stderr);
  fired(stand, "scale-down", [leaving]);
  assert.equal((await leaving.exec("ls -A /var/lib/outrigger/clusters 2>/dev/null")).stdout, "", "a host that left keeps nothing");

  const upgraded = await stand.cluster("upgrade", "life:2");
  assert.equal(upgraded.code, 0, upgraded.stderr);
  fired(stand, "upgrade", stand.hosts.slice(0, 5));
  assert.match(master0.read("/etc/motd") ?? "", /v2/);

  // The image to go back to has lost its name, and is old enough to go.
  const packages = stand.env["OUTRIGGER_PACKAGES"] ?? "";
  const blobs = join(packages, "blobs", "sha256");
  for (const blob of readdirSync(blobs)) utimesSync(join(blobs, blob), 0, 0);
  const pruned = await execute(join(root, "outrigger"), ["packages", "--remove", "life:1", "--prune"], stand.folder, stand.env);
  assert.deepEqual([pruned.code, pruned.stdout.includes("life:1")], [0, false], pruned.stderr);
  const back = await stand.cluster("rollback");
  assert.equal(back.code, 0, back.stderr);
  fired(stand, "rollback", stand.hosts.slice(0, 5));
  assert.match(master0.read("/etc/motd") ?? "", /v1/);

  const status = await stand.cluster("status", "life", "-o", "json");
  assert.equal(status.code, 0, status.stderr);
  for (const host of stand.hosts.slice(0, 5)) assert.ok(status.stdout.includes(host.ip), status.stdout);
  assert.ok(!status.stdout.includes(leaving.ip), status.stdout);

  const kept = stand.journals("life");
  const deleted = await stand.cluster("delete", "--all", "-y");
  assert.equal(deleted.code, 0, deleted.stderr);
  fired(stand, "delete", stand.hosts.slice(0, 5), undefined);
  assert.equal(kept.length, 5);
  for (const host of stand.hosts) {
    assert.equal((await host.exec("find /var/lib/outrigger -mindepth 1")).stdout, "", `${host.hostname} keeps nothing`);
  }
});

/** life:1 and life:2: the tiny cluster with a mark at every phase and a plug-in of our own beside its LIST_NODE. */
async function buildImages(stand: ClusterStand): Promise<void> {
  const marks = phaseNames.map((phase) => shellPlugin(`mark-${phase}`, phase, `echo ${phase} >> /root/phases\n`)).join("---\n");
  stand.write("image/plugins/marks.yaml", marks);
  stand.write("image/plugins/stamp.ts", stamp);
  stand.write(
    "image/plugins/stamp.yaml",
    "apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: stamp }\nspec: { type: STAMP, action: PostInstall | PostJoin, privileges: [exec] }\n",
  );
  for (const version of ["1", "2"]) {
    const tiny = await stand.cluster(
      "build",
      "-t",
      `tiny:${version}`,
      "--build-arg",
      `VERSION=v${version}`,
      join(root, "examples/tiny-cluster"),
    );
    assert.equal(tiny.code, 0, tiny.stderr);
    stand.write("image/Kubefile", `FROM tiny:${version}\nCOPY plugins plugins\n`);
    const life = await stand.cluster("build", "-m", "lite", "-t", `life:${version}`, "image");
    assert.equal(life.code, 0, life.stderr);
  }
}

const seen = new Map<SshHost, number>();

/** What stands on the hosts since the last time, and in the journal, is what the operation fires; nothing else, and nothing anywhere else. */
function fired(stand: ClusterStand, operation: string, touched: readonly SshHost[], journal: "journal" | undefined = "journal"): void {
  const plan = expected[operation] ?? [];
  for (const [index, host] of stand.hosts.entries()) {
    const lines = linesOf(host, "/root/phases").slice(seen.get(host) ?? 0);
    seen.set(host, (seen.get(host) ?? 0) + lines.length);
    const marks = lines.filter((line) => !line.startsWith("stamp "));
    const own = plan.filter(([, scope]) => (scope === "hosts" ? touched.includes(host) : index === 0)).map(([phase]) => phase);
    assert.deepEqual(marks, own, `${operation} on ${host.hostname}`);
    const stamps = lines.filter((line) => line.startsWith("stamp "));
    assert.deepEqual(
      stamps,
      own.filter((phase) => phase === "PostInstall" || phase === "PostJoin").map((phase) => `stamp ${phase}`),
    );
  }
  if (journal === undefined) return;
  const done = (stand.journals("life").at(-1) ?? []).flatMap((record) =>
    record.event === "task-ended" && record.result === "done" && record.task.includes("/mark-") ? [`${record.task}`] : [],
  );
  const wanted = plan.flatMap(([phase, scope]) => {
    const hosts = scope === "hosts" ? touched : stand.hosts.slice(0, 1);
    return hosts.map(({ ip }) => `${phase}/mark-${phase}/${ip}`);
  });
  assert.deepEqual(done.toSorted(), wanted.toSorted(), `journal of ${operation}`);
}
