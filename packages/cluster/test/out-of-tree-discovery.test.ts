import assert from "node:assert/strict";
import { chmodSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import type { BroughtPlugin, Origin } from "@outrigger/cluster";
import { discover, folderOf, pluginIn } from "./support/brought-plugins.ts";

const module = (type: string, text = ""): string => `export const pluginType = "${type}";\n${text}\nexport default { run() {} };\n`;
const greets = (type: string, answer = "{}"): string => `#!/usr/bin/env python3
import json, sys
m = json.loads(sys.stdin.readline())
print(json.dumps({"jsonrpc": "2.0", "id": m["id"], "result": {"protocol": 1, "type": "${type}", "validate": False, "undo": False, **${answer}}}), flush=True)
sys.stdin.read()
`;
const elf = "\x7fELF\x02\x01\x01 go build -buildmode=plugin";

async function found(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  given: Partial<BroughtPlugin> = {},
): Promise<readonly string[]> {
  const folder = await folderOf(t, files);
  const { types, problems } = await discover(t, folder, [pluginIn(folder, { name: "list_nodes.so", type: "LIST_NODE", ...given })]);
  return [
    ...types.map(({ code }) => `${code.kind} ${basename(code.path)}`),
    ...problems.map(({ message }) => message.replaceAll(`${folder}/`, "")),
  ];
}

test("code is found by entry, by the plug-in's name, and by the type that a module exports", async (t) => {
  for (const ending of ["ts", "mts", "js", "mjs"])
    assert.deepEqual(await found(t, { [`list_nodes.${ending}`]: module("LIST_NODE") }), [`module list_nodes.${ending}`]);
  assert.deepEqual(await found(t, { "list_nodes!": greets("LIST_NODE") }), ["executable list_nodes"]);
  assert.deepEqual(await found(t, { "list_nodes.py!": greets("LIST_NODE"), "list_nodes.yaml": "", "list_nodes.test.ts": "" }), [
    "executable list_nodes.py",
  ]);
  assert.deepEqual(await found(t, { "nodes.ts": module("LIST_NODE"), "other.ts": module("OTHER"), "broken.ts": "}{" }), [
    "module nodes.ts",
  ]);
  assert.deepEqual(
    await found(t, {
      "bundled.mjs": 'var pluginType = "LIST_NODE"; export { pluginType, plugin as default };\nconst plugin = { run() {} };',
    }),
    ["module bundled.mjs"],
  );
  const entry = (path: string): Partial<BroughtPlugin> => ({ entry: { origin: { from: "folder", file: "unused", line: 1 }, path } });
  const folder = await folderOf(t, { "code/x.ts": module("LIST_NODE"), "list_nodes.ts": module("LIST_NODE") });
  assert.deepEqual(await found(t, {}, entry(join(folder, "code/x.ts"))), ["module x.ts"]);
});

test("a Go plug-in is refused with what to do, unless its successor lies beside it", async (t) => {
  assert.match(
    (await found(t, { "list_nodes.so": elf })).join(),
    /^list_nodes\.so is a Go plug-in \(a shared object\), which only the very build/,
  );
  assert.deepEqual(await found(t, { "list_nodes.so": elf, "list_nodes.ts": module("LIST_NODE") }), ["module list_nodes.ts"]);
});

test("code that is not there, not clear or not executable is a problem that says so", async (t) => {
  assert.match(
    (await found(t, {})).join(),
    /There is no code for the type LIST_NODE: looked for a file named list_nodes, and for a module of this type, in /,
  );
  assert.match((await found(t, { "list_nodes.py": greets("LIST_NODE") })).join(), /list_nodes\.py is neither a module .* nor executable/);
  assert.match(
    (await found(t, { "list_nodes.ts": module("LIST_NODE"), "list_nodes!": greets("LIST_NODE") })).join(),
    /Both list_nodes and list_nodes\.ts could be the code/,
  );
  assert.match(
    (await found(t, { "a.ts": module("LIST_NODE"), "b.ts": module("LIST_NODE") })).join(),
    /Both a\.ts and b\.ts could be the code of LIST_NODE/,
  );
  const gone = { entry: { origin: { from: "folder", file: "/x/p.yaml", line: 1 } as const, path: "code.ts" } };
  assert.match((await found(t, {}, gone)).join(), /\/x\/code\.ts is no file/);
});

test("code that can't be started, or says something else of itself, is a problem", async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["list_nodes.ts", module("LIST_NODE", "throw new Error('no wifi');"), /can't be started from .*no wifi/s],
    ["list_nodes.ts", "export const pluginType = 5; export default {};", /it exports no text as `pluginType`/],
    ["list_nodes.ts", 'export const pluginType = "LIST_NODE"; export default { run: 1 };', /`run` of its default export is no function/],
    ["list_nodes.ts", module("LIST_POD"), /says that its type is LIST_POD, where the document says LIST_NODE/],
    ["list_nodes!", greets("LIST_NODE", '{"protocol": 2}'), /speaks version 2 of the protocol; versions 1 to 1 are known here/],
    ["list_nodes!", greets("LIST_NODE", '{"extra": 1}'), /hello are wrong: .*extra/],
    ["list_nodes!", "#!/bin/sh\necho usage: list_nodes FILE >&2\nexit 64\n", /it ended with code 64.*usage: list_nodes FILE/s],
    ["list_nodes!", "#!/nowhere/python\n", /can't be started/],
  ];
  for (const [name, text, words] of cases) {
    const folder = await folderOf(t, { [name]: text });
    const { types, problems } = await discover(t, folder, [pluginIn(folder, { name: "list_nodes", type: "LIST_NODE" })]);
    assert.deepEqual(types, []);
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.message ?? "", words);
    assert.deepEqual([problems[0]?.file, problems[0]?.line], [join(folder, "plugin-document.yaml"), 3]);
  }
});

test("two codes of one type are a conflict that names both, and so is a built-in type's name", async (t) => {
  const [one, two] = [await folderOf(t, { "a.ts": module("LIST_NODE") }), await folderOf(t, { "b.ts": module("LIST_NODE") })];
  const twice = await discover(t, one, [pluginIn(one, { type: "LIST_NODE", name: "x" }), pluginIn(two, { type: "LIST_NODE", name: "y" })]);
  assert.deepEqual(
    twice.problems.map(({ code, message }) => [code, message]),
    [["conflict", `The type LIST_NODE has two codes: ${join(one, "a.ts")} and ${join(two, "b.ts")}.`]],
  );
  const shell = await folderOf(t, { "shell.ts": module("SHELL"), "list.ts": module("LIST_NODE") });
  const taken = await discover(t, shell, [
    pluginIn(shell, { type: "SHELL", name: "x" }),
    pluginIn(shell, { type: "LIST_NODE", name: "y" }),
  ]);
  assert.deepEqual(
    taken.problems.map(({ message }) => message),
    [`The type SHELL is built in, and ${join(shell, "shell.ts")} has it too.`],
  );
  const own = pluginIn(shell, {
    type: "SHELL",
    entry: { origin: { from: "folder", file: join(shell, "p.yaml"), line: 1 }, path: "shell.ts" },
  });
  assert.match((await discover(t, shell, [own])).problems[0]?.message ?? "", /The type SHELL is built in/);
  assert.deepEqual((await discover(t, shell, [{ ...own, disabled: true }])).problems, []);
});

const fromImage: Origin = { from: "image", image: "tiny:1", path: "plugins/list_nodes.yaml", line: 1 };

test("an image's code is found in the image, a Clusterfile's beside it, in its plugins folder, and in the image", async (t) => {
  const imageFolder = await folderOf(t, {
    "list_nodes.ts": module("LIST_NODE"),
    "team/quota.ts": module("QUOTA"),
    "own.ts": module("OWN"),
  });
  const site = await folderOf(t, { "own.mjs": module("OWN"), "plugins/near.ts": module("NEAR") });
  const clusterfile: Origin = { from: "clusterfile", file: join(site, "Clusterfile"), line: 9 };
  const plugins: readonly BroughtPlugin[] = [
    { name: "list_nodes.so", type: "LIST_NODE", origin: fromImage },
    {
      name: "quota",
      type: "QUOTA",
      origin: { ...fromImage, path: "plugins/team/plugin.yaml" },
      entry: { origin: fromImage, path: "plugins/team/quota.ts" },
    },
    { name: "again", type: "LIST_NODE", origin: clusterfile },
    { name: "own", type: "OWN", origin: clusterfile },
    { name: "near", type: "NEAR", origin: clusterfile },
  ];
  const { types, problems } = await discover(t, site, plugins, { imageFolder });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    types.map(({ type, code }) => [type, code.path, code.fromImage]),
    [
      ["LIST_NODE", join(imageFolder, "list_nodes.ts"), true],
      ["QUOTA", join(imageFolder, "team/quota.ts"), true],
      ["OWN", join(site, "own.mjs"), false],
      ["NEAR", join(site, "plugins/near.ts"), false],
    ],
  );
  const none = await discover(t, site, [
    { name: "quota", type: "QUOTA", origin: fromImage, entry: { origin: fromImage, path: "plugins/quota.ts" } },
  ]);
  assert.equal(none.problems[0]?.message, "The code of quota is in its image, which brings no plug-ins along.");
  assert.equal(none.problems[0]?.file, "image tiny:1 plugins/list_nodes.yaml");
});

test("an image's plug-in with the privilege local needs a person's consent, whoever changed its data", async (t) => {
  const imageFolder = await folderOf(t, { "list_nodes.ts": module("LIST_NODE") });
  const plugin: BroughtPlugin = { name: "list_nodes", type: "LIST_NODE", origin: fromImage, privileges: ["local"] };
  const refused = await discover(t, imageFolder, [plugin], { imageFolder });
  assert.deepEqual(
    refused.problems.map(({ code, hint }) => [code, hint]),
    [["privilege-not-granted", "Look at its code; to let it, add --grant list_nodes."]],
  );
  const changed: BroughtPlugin = {
    ...plugin,
    origin: { from: "clusterfile", file: join(imageFolder, "Clusterfile"), line: 1 },
    overrides: fromImage,
  };
  assert.equal((await discover(t, imageFolder, [changed], { imageFolder })).problems.length, 1);
  assert.deepEqual((await discover(t, imageFolder, [plugin], { imageFolder, grants: ["list_nodes"] })).problems, []);
  assert.equal((await discover(t, imageFolder, [plugin], { imageFolder, grants: ["other"] })).problems.length, 1);
});

test("nothing of an image leads out of it: neither its entry nor a link beside it", async (t) => {
  const outside = await folderOf(t, { "outside.ts": module("LIST_NODE"), secret: "x" });
  const imageFolder = await folderOf(t, { "list_nodes.ts": module("LIST_NODE") });
  const plugin: BroughtPlugin = { name: "list_nodes", type: "LIST_NODE", origin: fromImage };
  const climbing = { ...plugin, entry: { origin: fromImage, path: `plugins/../${basename(outside)}/outside.ts` } };
  assert.match((await discover(t, outside, [climbing], { imageFolder })).problems[0]?.message ?? "", /leads out of the image/);
  symlinkSync(join(outside, "outside.ts"), join(imageFolder, "linked.ts"));
  const linked = { ...plugin, entry: { origin: fromImage, path: "plugins/linked.ts" } };
  assert.match((await discover(t, outside, [linked], { imageFolder })).problems[0]?.message ?? "", /leads out of the image/);
  assert.match(
    (await discover(t, outside, [plugin], { imageFolder })).problems[0]?.message ?? "",
    /linked\.ts is a link that leads out of the image's plug-ins/,
  );
});

test("code in a home that is closed to others is run from a copy", { skip: process.getuid?.() !== 0 }, async (t) => {
  const home = await folderOf(t, {
    "site/plugins/list_nodes.ts": module("LIST_NODE", 'import "./helper.ts";'),
    "site/plugins/helper.ts": "",
    "site/plugins/sums!": greets("SUMS"),
  });
  chmodSync(home, 0o700);
  const origin: Origin = { from: "clusterfile", file: join(home, "site", "Clusterfile"), line: 1 };
  const state = await folderOf(t, {});
  const { types, problems } = await discover(t, state, [
    { name: "list_nodes", type: "LIST_NODE", origin },
    { name: "sums", type: "SUMS", origin },
  ]);
  assert.deepEqual(problems, []);
  assert.equal(types.length, 2);
});

test("whoever is not root does not start an image's program, which could read all of their files; a module is held by Node", {
  skip: process.getuid?.() === 0 ? "root can hold programs" : false,
}, async (t) => {
  const imageFolder = await folderOf(t, { "list_nodes!": greets("LIST_NODE"), "own.ts": module("OWN") });
  const plugin: BroughtPlugin = { name: "list_nodes", type: "LIST_NODE", origin: fromImage };
  const { types, problems } = await discover(t, imageFolder, [plugin, { name: "own", type: "OWN", origin: fromImage }], { imageFolder });
  assert.match(problems[0]?.message ?? "", /comes from an image, and nothing here can keep it from this machine's files and network/);
  assert.deepEqual([types.map(({ type }) => type), problems.length], [["OWN"], 1]);
});
