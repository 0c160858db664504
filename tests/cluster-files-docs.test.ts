import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseTargets, readClusterfile, readPluginDocuments, renderTemplate } from "@outrigger/cluster";
import { formatProblem, type Reading } from "@outrigger/plugin";
import { blocksOf } from "./support/page.ts";
import { root } from "./support/sandbox.ts";

const page = "docs/cluster-files.md";
const origin = { from: "clusterfile", file: page } as const;

function read<T>(reading: Reading<T>, text: string): T {
  assert.ok(reading.ok, reading.ok ? "" : `${reading.problems.map(formatProblem).join("\n")}\n${text}`);
  return reading.value;
}

/** The first column of the table under a heading, without its head: each code span of it. */
function firstColumn(heading: string): readonly string[] {
  const text = readFileSync(join(root, page), "utf8").split(`# ${heading}\n`)[1] ?? "";
  const [table = ""] = /(?:^\|.*\n)+/m.exec(text) ?? [];
  const cells = table
    .split("\n")
    .slice(2, -1)
    .map((row) => row.split(/(?<!\\)\|/)[1] ?? "");
  return cells.flatMap((cell) => [...cell.matchAll(/`((?:[^`]|\\`)+)`/g)].map(([, code = ""]) => code.replaceAll("\\|", "|")));
}

test("every YAML block of docs/cluster-files.md is read without a mistake, and without a warning but for Sealer's", () => {
  const blocks = blocksOf(page, "yaml");
  assert.ok(blocks.length >= 6, "the page has lost its examples");
  const minimal = "kind: Cluster\nmetadata: { name: a }\nspec: { image: a, hosts: [{ ips: [10.0.0.1], roles: [master] }] }\n";
  for (const block of blocks) {
    const cluster = block.includes("kind: Cluster\n");
    const plugins = block.includes("kind: Plugin\n") && !cluster;
    const { warnings } = plugins
      ? read(readPluginDocuments(block, page, origin), block)
      : read(readClusterfile(cluster ? block : `${minimal}---\n${block}`, page), block);
    if (!block.includes("sealer.")) assert.deepEqual(warnings, [], block);
  }
});

test("every target of docs/cluster-files.md is one", () => {
  const targets = firstColumn("Targets");
  assert.ok(targets.length >= 14, targets.join(" ; "));
  for (const target of targets) assert.deepEqual(parseTargets(target).problems, [], target);
});

test("every template of docs/cluster-files.md can be filled in", () => {
  const templates = firstColumn("Templates");
  assert.deepEqual(
    templates.map((template) => {
      const rendering = renderTemplate(template, { NAME: "tiny", LIST: "a b" });
      return rendering.ok ? rendering.text : rendering.fault.message;
    }),
    ["tiny", "x", "a", "[a tiny][b tiny]", '"tiny"', "tiny", "{{", ""],
  );
});
