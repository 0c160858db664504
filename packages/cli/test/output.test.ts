import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { byteBar, createProgressTree, type ProgressNode, renderTree } from "../src/output/progress-tree.ts";
import { ageOf, formatFields, formatTable } from "../src/output/table.ts";

const columns = [
  { title: "name", cell: ([name]: readonly [string, string]) => name },
  { title: "state", cell: ([, state]: readonly [string, string]) => state },
];

test("columns line up, colour codes take no width, one row is one line", () => {
  const cell = fc.stringMatching(/^[a-z\n]{1,12}$/).map((text) => text.trim() || "x");
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const coloured = rows.map(([name, state]) => [`\u001b[32m${name}\u001b[39m`, state] as const);
      const lines = stripVTControlCharacters(formatTable(columns, coloured)).split("\n");
      assert.equal(lines.length, rows.length + 1);
      const start = lines[0]?.indexOf("STATE") ?? 0;
      for (const [at, [, state]] of rows.entries()) assert.equal(lines[at + 1]?.slice(start), state.replaceAll(/\s*\n\s*/g, " "));
    }),
  );
});

test("no rows are said to be none; empty fields are left out", () => {
  assert.equal(formatTable(columns, []), "None.");
  assert.equal(
    formatFields([
      ["a", "1"],
      ["long", ""],
      ["bc", undefined],
      ["bcd", "2"],
    ]),
    "a:   1\nbcd: 2",
  );
});

test("ages and bars", () => {
  const now = Date.parse("2030-01-02T00:00:00Z");
  assert.deepEqual(
    ["2030-01-01T23:59:30Z", "2030-01-01T23:00:01Z", "2030-01-01T00:00:01Z", "2029-12-30T00:00:00Z", "2031-01-01T00:00:00Z"].map((time) =>
      ageOf(time, now),
    ),
    ["30s", "59m", "23h", "3d", "0s"],
  );
  assert.equal(byteBar(5e6, 10e6), "[##########..........] 5.0/10.0 MB");
  assert.equal(byteBar(20e6, 10e6), "[####################] 20.0/10.0 MB");
  assert.equal(byteBar(5e6, 0), "5.0 MB");
});

test("without a terminal each new state is one plain line, and log lines of what still runs are not", () => {
  const stream = new PassThrough() as PassThrough & NodeJS.WriteStream;
  const tree = createProgressTree(stream);
  const node: ProgressNode = {
    id: "a",
    label: "web",
    state: "starting",
    busy: true,
    children: [{ id: "b", label: "app", state: "waiting", busy: true }],
  };
  tree.set(node);
  tree.set({ ...node, detail: "step 1" });
  tree.set({ ...node, state: "failing", busy: false, reason: "exit 1" });
  tree.close();
  assert.equal(stream.setEncoding("utf8").read(), "web: starting\nweb app: waiting\nweb: failing (exit 1)\n");
});

test("the tree indents children and shows bytes and details", () => {
  const lines = renderTree(
    [
      {
        id: "a",
        label: "web",
        state: "ready",
        children: [{ id: "b", label: "pull", state: "building", busy: true, bytes: { done: 1e6, total: 2e6 }, detail: "layer" }],
      },
    ],
    0,
  ).map(stripVTControlCharacters);
  assert.deepEqual(lines, ["✓ web ready", "  ⠋ pull building [##########..........] 1.0/2.0 MB layer"]);
});
