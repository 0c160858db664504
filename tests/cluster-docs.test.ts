import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clusterStand } from "./support/cluster-stand.ts";
import { runBlock, shellBlockUnder } from "./support/page.ts";
import { root } from "./support/sandbox.ts";

test("docs/cluster.md answers each of the eighteen complaints, and names tests that are there", () => {
  const page = readFileSync(join(root, "docs/cluster.md"), "utf8");
  const [, table = ""] = page.split("## Coming from Sealer");
  const rows = table.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| complaint"));
  assert.equal(rows.length, 18);
  for (const row of rows) {
    const tests = (row.split("|").at(-2) ?? "").split(",").map((name) => name.trim());
    for (const name of tests) {
      const places = [`${name}.test.ts`, `tests/${name}.test.ts`, `packages/cluster/test/${name}.test.ts`];
      assert.ok(
        places.some((place) => existsSync(join(root, place))),
        `${name} in ${row}`,
      );
    }
  }
});

test("the commands of docs/cluster.md run", { timeout: 120_000 }, async (context) => {
  const stand = await clusterStand(context, 4);
  const ips = stand.hosts.map(({ ip }) => ip);
  const password = stand.write("password", stand.password, 0o600);
  const hosts = `hosts: [{ ips: [${ips.slice(0, 3).join(", ")}], roles: [master] }, { ips: [${ips[3]}], roles: [node] }]`;
  const access = `ssh: { user: root, passwd: { file: ${password} } }`;
  const clusterfile = stand.write(
    "Clusterfile",
    `kind: Cluster\nmetadata: { name: my-cluster }\nspec:\n  image: tiny:1\n  ${access}\n  ${hosts}\n`,
  );
  const script = shellBlockUnder("docs/cluster.md", "From files to a cluster")
    .replaceAll("10.0.0.1-10.0.0.3", `${ips[0]}-${ips[2]}`)
    .replaceAll("10.0.0.4", String(ips[3]))
    .replace(/ -p( |$)/m, ` -p file:${password} `)
    .replace("-f Clusterfile", `-f ${clusterfile}`);
  const exports = Object.entries(stand.env).map(([name, value]) => `export ${name}=${value}`);
  const { code, text } = await runBlock(context, [...exports, `outrigger() { ./outrigger "$@"; }`, script].join("\n"));
  assert.equal(code, 0, text);
  assert.match(text, /create is done/);
  assert.match(text, /nothing to do/);
});
