import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sshHosts } from "../../../tests/support/ssh-hosts.ts";
import { checkout, folderWith, outrigger, type Ran } from "./run-outrigger.ts";

const clusterfile = (hosts: string, more = ""): string => `apiVersion: sealer.cloud/v2
kind: Cluster
metadata: { name: test }
spec:
  image: tiny:1
  hosts:
${hosts}
---
apiVersion: sealer.aliyun.com/v1alpha1
kind: Plugin
metadata: { name: motd }
spec:
  data: echo mine > /etc/motd
${more}`;

const twoHosts = "    - { ips: [10.9.9.1], roles: [master] }\n    - { ips: [10.9.9.2, 10.9.9.3], roles: [node] }";

/** Folders of its own with the tiny image in the store, and the command in them. */
async function place(): Promise<Disposable & { readonly path: string; readonly run: (...words: readonly string[]) => Promise<Ran> }> {
  const folder = folderWith({ Clusterfile: clusterfile(twoHosts) });
  const env = { HOME: folder.path, XDG_DATA_HOME: join(folder.path, "data"), XDG_CACHE_HOME: join(folder.path, "cache") };
  const run = (...words: readonly string[]): Promise<Ran> => outrigger(["cluster", ...words], { cwd: folder.path, env });
  const built = await run("build", "-t", "tiny:1", join(checkout, "examples/tiny-cluster"));
  assert.equal(built.code, 0, built.stderr);
  return { path: folder.path, run, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

test("cluster plan says what apply would do, without any host, and where each plug-in comes from", async () => {
  using there = await place();
  const [text, json, scripts] = await Promise.all([there.run("plan"), there.run("plan", "-o", "json"), there.run("plan", "-v")]);
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^create test with tiny:1 /);
  assert.match(text.stdout, /motd \(SHELL, Clusterfile:\d+ over image tiny:1 plugins\/motd\.yaml:1\): 10\.9\.9\.1-10\.9\.9\.3/);
  assert.match(text.stdout, /list_nodes\.so \(LIST_NODE, image tiny:1 plugins\/list_nodes\.yaml:1\)/);
  assert.doesNotMatch(text.stdout, /echo mine/);
  assert.match(scripts.stdout, / {8}\| echo mine > \/etc\/motd/);
  const { cluster, plans } = JSON.parse(json.stdout) as { cluster: string; plans: { operation: string; stages: { name: string }[] }[] };
  assert.equal(cluster, "test");
  assert.deepEqual(
    plans.map(({ operation, stages }) => [operation, stages[0]?.name, stages.at(-1)?.name]),
    [["create", "connect", "commit"]],
  );
});

test("cluster plan for an image and hosts is what cluster run would do", async () => {
  using there = await place();
  const hosts = ["-m", "10.9.9.1", "-n", "10.9.9.2-10.9.9.9"];
  const expected = /^create other with tiny:1 .*\nhosts: all of 9: 10\.9\.9\.1-10\.9\.9\.9; master0 is 10\.9\.9\.1\n/;
  for (const option of ["-c", "--name", "--cluster-name"]) {
    const { code, stdout } = await there.run("plan", "tiny:1", ...hosts, option, "other");
    assert.equal(code, 0);
    assert.match(stdout, expected);
  }
});

test("mistakes of plug-ins are told with file and line, and end with 2; so does a cluster that nobody knows", async () => {
  using there = await place();
  const more =
    "  on: gpu\n---\nkind: Plugin\napiVersion: sealer.io/v1\nmetadata: { name: x }\nspec: { type: LABEL, action: PreGuest, data: 10.9.9.1 a }\n";
  using wrong = folderWith({ Clusterfile: clusterfile(twoHosts, more) });
  const [refused, unknown] = await Promise.all([
    there.run("plan", "-f", join(wrong.path, "Clusterfile")),
    there.run("plan", "--operation", "delete", "-c", "nobody"),
  ]);
  assert.equal(refused.code, 2);
  const lines = readFileSync(join(wrong.path, "Clusterfile"), "utf8").split("\n");
  const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1;
  assert.match(refused.stderr, new RegExp(`Clusterfile:${lineOf("on: gpu")}:\\d+: spec\\.on: No host of the cluster has the role gpu`));
  assert.match(refused.stderr, new RegExp(`Clusterfile:${lineOf("type: LABEL")}:`));
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /nobody/);
});

test("cluster plan --check looks at the hosts, says what refuses, and leaves nothing behind", { timeout: 60_000 }, async (context) => {
  const { hosts, keyFile } = await sshHosts(context, 2);
  const [one, two] = hosts;
  assert.ok(one && two);
  using there = await place();
  mkdirSync(join(there.path, ".ssh"), { mode: 0o700 });
  copyFileSync(keyFile, join(there.path, ".ssh/id_ed25519"));
  const words = ["plan", "tiny:1", "-m", one.ip, "-n", two.ip, "-c", "test", "--check"];
  const well = await there.run(...words);
  assert.equal(well.code, 0, well.stderr);
  assert.match(well.stdout, new RegExp(`${two.ip} +${two.hostname} +debian`));
  const before = await one.exec("ls -A /var/lib/outrigger");
  assert.equal(before.stdout, "");
  await two.kill();
  const refused = await there.run(...words, "-o", "json");
  assert.equal(refused.code, 1);
  const { hosts: looked } = JSON.parse(refused.stdout) as { hosts: { ip: string; refusals: string[]; facts?: { hostname: string } }[] };
  assert.deepEqual(
    looked.map(({ ip, refusals, facts }) => [ip, refusals.length, facts?.hostname]),
    [
      [one.ip, 0, one.hostname],
      [two.ip, 1, undefined],
    ],
  );
});
