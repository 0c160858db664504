import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { builtInTypes, type ClusterPlugin, mergePlugins, readPluginDocuments } from "@outrigger/cluster";
import { root } from "../../../tests/support/sandbox.ts";
import { etcdType, usualBackup } from "../src/plugins/built-in/etcd.ts";
import { hosts } from "./support/hosts.ts";

const page = readFileSync(join(root, "docs", "cluster-built-in.md"), "utf8");

/** All plug-ins of the page's YAML blocks, read as a file of an image would be. */
function examples(): readonly ClusterPlugin[] {
  return [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, text = ""]) => {
    const read = readPluginDocuments(text, "plugin.yaml", { from: "folder", file: "plugin.yaml" });
    assert.ok(read.ok, JSON.stringify(read));
    assert.deepEqual(read.value.warnings, []);
    const merged = mergePlugins([], read.value.documents);
    assert.ok(merged.ok, JSON.stringify(merged));
    return merged.value;
  });
}

test("every example of the page is right, and every type has one", () => {
  const all = examples();
  for (const plugin of all) {
    const type = builtInTypes.get(plugin.type) ?? assert.fail(plugin.type);
    assert.deepEqual(type.check(plugin, hosts(3)), [], plugin.name);
    for (const phase of plugin.phases) assert.ok(type.phases?.includes(phase) ?? true, `${plugin.name} at ${phase}`);
  }
  assert.deepEqual([...new Set(all.map(({ type }) => type))].toSorted(), [...builtInTypes.keys()].toSorted());
});

test("Sealer's path in `on` is where the snapshot goes", () => {
  const sealers = examples().find(({ name }) => name === "sealers-way") ?? assert.fail("no such example");
  const [host] = hosts(1);
  assert.ok(host);
  const script = etcdType.script(sealers, { phase: "PostInstall", host, hosts: [host] });
  assert.equal(script?.env["BACKUP_PATH"], "/backup/etcd.db");
});

test("the page's table names each type, and its defaults are the code's", () => {
  for (const type of builtInTypes.keys()) assert.match(page, new RegExp(`^\\| \\[${type}\\]\\(#${type.toLowerCase()}\\) \\|`, "m"));
  assert.ok(page.includes(`Default: \`${usualBackup}\``));
});
