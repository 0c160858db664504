import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isOutriggerError } from "@outrigger/plugin";
import { filePiece, type Piece, treeOfPieces } from "@outrigger/registry";
import { documentsOf, readDocuments } from "../src/image/plugin-files.ts";
import { type ImageFinding, lintImage, lintPlace, mergePlugins } from "../src/index.ts";
import { hostPlatform, imageStand } from "./support/image-stand.ts";

const shell = (name: string, data: string): string =>
  `apiVersion: sealer.io/v1\nkind: Plugin\nmetadata:\n  name: ${name}\nspec:\n  type: SHELL\n  action: post-install\n  data: |\n${data.replace(/^/gm, "    ")}\n`;

async function findings(pieces: readonly Piece[], kind: "cluster" | "application" = "application"): Promise<readonly string[]> {
  const tree = treeOfPieces(pieces);
  const found = await lintImage({ tree, kind, platform: hostPlatform, documents: await documentsOf(tree) });
  return found.map(({ severity, file, line, message }: ImageFinding) => `${severity} ${file}:${line} ${message}`);
}

test("an image with nothing wrong has no findings", async () => {
  const pieces = [
    filePiece("scripts/create.sh", "set -e\nif true; then echo hi; fi\n"),
    filePiece("bin/tool", "#!/bin/sh\n", 0o755),
    filePiece("bin/busybox", readFileSync("/bin/busybox"), 0o755),
    filePiece("plugins/a.yaml", shell("a", "for x in 1 2; do\n  echo $x\ndone")),
    filePiece("plugins/list_nodes.yaml", "kind: Plugin\nmetadata: {name: list_nodes.so}\nspec: {type: LIST_NODE, action: PostInstall}\n"),
    filePiece("plugins/list_nodes.ts", 'export const pluginType = "LIST_NODE";\n'),
    filePiece("plugins/other.yaml", "kind: Plugin\nmetadata: {name: other}\nspec: {type: OTHER_TYPE, action: PostInstall}\n"),
    filePiece("plugins/another-name.mjs", "export const pluginType = 'OTHER_TYPE';\n"),
  ];
  assert.deepEqual(await findings(pieces, "cluster"), []);
});

test("what is wrong in an image is found with file and line", async () => {
  const found = await findings(
    [
      filePiece("scripts/init.sh", "echo a\nif true; then\n  echo b\n"),
      filePiece("scripts/clean.sh", "#!/usr/bin/python3\nprint\n"),
      filePiece("scripts/dos.sh", "echo a\r\n"),
      filePiece("scripts/upgade.sh", "true"),
      filePiece("bin/not-executable", "#!/bin/sh\n"),
      filePiece("bin/link", ""),
      { entry: { path: "bin/away", kind: "symlink", mode: 0o777, uid: 0, gid: 0, size: 0, modified: 0, target: "/usr/bin/x" } },
      filePiece("plugins/shell.yaml", shell("one", "echo a\nfi\n")),
      filePiece("plugins/two.yaml", shell("one", "true")),
      filePiece("plugins/typo.yaml", "kind: Plugin\nmetadata: {name: typo}\nspec: {type: SHEL, action: PostInstall, data: a}\n"),
      filePiece("plugins/phase.yaml", "kind: Plugin\nmetadata: {name: phase}\nspec: {type: SHELL, action: PostInstal, data: a}\n"),
      filePiece("plugins/deep/lost.yaml", shell("lost", "true")),
      filePiece("plugin/more.yaml", shell("more", "true")),
    ],
    "cluster",
  );
  const has = (pattern: RegExp): void =>
    assert.ok(
      found.some((line) => pattern.test(line)),
      `${pattern} not in\n${found.join("\n")}`,
    );
  has(/^error scripts\/create\.sh:0 It is missing/);
  has(/^error scripts\/init\.sh:4 It is no bash: syntax error: unexpected end of file/);
  has(/^warning scripts\/clean\.sh:1 Its first line names another program/);
  has(/^error scripts\/dos\.sh:0 Its lines end as on Windows/);
  has(/^warning scripts\/upgade\.sh:0 No step runs a script of this name/);
  has(/^error bin\/not-executable:0 It is a program, but nobody may execute it/);
  has(/^warning bin\/away:0 It is a link to \/usr\/bin\/x/);
  has(/^error plugins\/shell\.yaml:8 Line 2 of it is no bash: syntax error near unexpected token `fi'/);
  has(/^error plugins\/two\.yaml:4 .*one/);
  has(/^error plugins\/typo\.yaml:3 No plug-in has the type SHEL/);
  has(/^error plugins\/phase\.yaml:3 .*PostInstal/);
  has(/^warning plugins\/deep\/lost\.yaml:0 .*directly in plugins\//);
  has(/^warning plugin:0 There are both/);
});

test("a plugin.yaml in a folder is read, by itself or as what documents build on; others that lie deep are named", async () => {
  const manifest = (name: string, type: string): string =>
    `apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: {name: ${name}, version: 1.0.0}\nspec:\n  layer: cluster\n  cluster: {type: ${type}, entry: main.ts, phases: [PostInstall]}\n  config:\n    - group: g\n      dependsOn: none\n      inject: env\n      items: [{name: SITE, type: string}]\n`;
  const pieces = [
    filePiece("plugins/alone/plugin.yaml", manifest("alone", "ALONE")),
    filePiece("plugins/alone/main.ts", ""),
    filePiece("plugins/base/plugin.yaml", manifest("base", "BASE")),
    filePiece("plugins/base/main.ts", ""),
    filePiece("plugins/one.yaml", "kind: Plugin\nmetadata: {name: one}\nspec: {package: ./base, values: {g: {SITE: a}}}\n"),
    filePiece("plugins/two.yaml", "kind: Plugin\nmetadata: {name: two}\nspec: {package: ./base, values: {g: {SITE: b}}}\n"),
    filePiece("plugins/alone/settings/own.yaml", "a: 1\n"),
  ];
  assert.deepEqual(await findings(pieces), []);
  const { documents } = readDocuments(await documentsOf(treeOfPieces(pieces)), "");
  const merged = mergePlugins(documents, []);
  assert.deepEqual(merged.ok && merged.value.map(({ name, type, entry }) => [name, type, entry?.path]), [
    ["alone", "ALONE", "plugins/alone/main.ts"],
    ["one", "BASE", "plugins/base/main.ts"],
    ["two", "BASE", "plugins/base/main.ts"],
  ]);
});

test("an image can't name a package of a registry: what it brings would not be under its digest", async () => {
  const document = "kind: Plugin\nmetadata: {name: one}\nspec: {package: 'registry.example/list-nodes:1.0.0'}\n";
  const [found, ...more] = await findings([filePiece("plugins/one.yaml", document)]);
  assert.match(
    found ?? "",
    /^error plugins\/one\.yaml:3 registry\.example\/list-nodes:1\.0\.0 is no folder of the image with a plugin\.yaml/,
  );
  assert.deepEqual(more, []);
});

test("a Go plug-in (.so) is an error that says what to do; programs of another machine are found", async () => {
  const elf = Buffer.from(readFileSync("/bin/busybox").subarray(0, 4096));
  const other = Buffer.from(elf);
  other.writeUInt16LE(hostPlatform.architecture === "s390x" ? 62 : 22, 18);
  const found = await findings([
    filePiece("plugins/list_nodes.so", elf, 0o755),
    filePiece("plugins/list_nodes.yaml", "kind: Plugin\nmetadata: {name: list_nodes.so}\nspec: {type: LIST_NODE, action: PostInstall}\n"),
    filePiece("bin/foreign", other, 0o755),
    filePiece("plugins/foreign", other, 0o755),
  ]);
  assert.ok(
    found.some((line) => /^error plugins\/list_nodes\.so:0 It is a plug-in built by Go/.test(line)),
    found.join("\n"),
  );
  assert.ok(
    found.some((line) => /^error bin\/foreign:0 It is a program for s390x|^error bin\/foreign:0 It is a program for amd64/.test(line)),
  );
  assert.ok(found.some((line) => /^warning plugins\/foreign:0 It is a program for/.test(line)));
});

test("what is wrong stops a build, unless it is forced; a file named plugins is refused", async (context) => {
  const { write, build, store } = await imageStand(context);
  write({ "bad.sh": "fi", "plugin.txt": "" });
  const kubefile = "FROM scratch\nCOPY bad.sh scripts/create.sh\n";
  await assert.rejects(build(kubefile, { kind: "cluster" }), (error: unknown) => {
    assert.ok(isOutriggerError(error));
    assert.equal(error.code, "cluster-image-lint-failed");
    assert.deepEqual(
      error.problems.map(({ file, line }) => `${file}:${line}`),
      ["scripts/create.sh:1"],
    );
    return true;
  });
  assert.deepEqual(await store.list(), []);
  const { platforms } = await build(kubefile, { kind: "cluster", force: true });
  assert.equal(platforms[0]?.findings.length, 1);
  await assert.rejects(build("FROM scratch\nCOPY plugin.txt ./x/../plugins-file\nRUN mv plugins-file plugins\n"), /1 mistake/);
});

test("folders are checked as what they are: a Kubefile's, a rootfs, plug-ins alone", async (context) => {
  const { folder, store, write, context: kubefolder } = await imageStand(context);
  const lint = async (place: string, file?: string): Promise<readonly string[]> =>
    (await lintPlace({ place, say: () => {}, pull: "never", ...(file === undefined ? {} : { file }) }, store)).map(
      (each) => `${each.file}:${each.line}`,
    );
  write({
    Kubefile: "FROM scratch\nCOPY scripts scripts\n",
    "scripts/create.sh": "fi\n",
    "Kubefile.ok": "FROM scratch\nCOPY ok scripts\n",
    "ok/create.sh": "true",
  });
  assert.deepEqual(await lint(kubefolder), ["scripts/create.sh:1"]);
  assert.deepEqual(await lint(kubefolder, join(kubefolder, "Kubefile.ok")), []);
  assert.deepEqual(await store.list(), []);
  const rootfs = join(folder, "rootfs");
  mkdirSync(join(rootfs, "plugins"), { recursive: true });
  writeFileSync(join(rootfs, "plugins/a.yaml"), shell("a", "done"));
  assert.deepEqual(await lint(rootfs), [`${rootfs}/plugins/a.yaml:8`]);
  assert.deepEqual(await lint(join(rootfs, "plugins")), [`${rootfs}/plugins/a.yaml:8`]);
  writeFileSync(join(rootfs, "plugins/run"), "#!/bin/sh\n");
  chmodSync(join(rootfs, "plugins/run"), 0o644);
  assert.deepEqual(await lint(join(rootfs, "plugins")), [`${rootfs}/plugins/a.yaml:8`, `${rootfs}/plugins/run:0`]);
});

test("a document that would unfold to a billion texts is refused, and many documents too large for an image are", async () => {
  const levels = [
    "a: &a [x, x]",
    ..."bcdefghijklmnopqrstuvwxyz"
      .split("")
      .map((name, index) => `${name}: &${name} [*${String.fromCharCode(97 + index)}, *${String.fromCharCode(97 + index)}]`),
  ];
  const found = await findings([
    filePiece(
      "plugins/bomb.yaml",
      `kind: Plugin\nmetadata: {name: bomb}\nspec: {type: SHELL, action: PreInit, data: x}\n${levels.join("\n")}\n`,
    ),
  ]);
  assert.ok(
    found.some((line) => line.startsWith("error plugins/bomb.yaml")),
    found.join("\n"),
  );
  const large = treeOfPieces([filePiece("plugins/large.yaml", `# ${"x".repeat(3 * 2 ** 20)}`)]);
  await assert.rejects(documentsOf(large), { code: "cluster-image-wrong" });
});
