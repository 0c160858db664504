import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type FileTree, filePiece, type Piece, treeOfPieces, unpackTree } from "@outrigger/registry";
import { subTree } from "../src/build/sources/sub-tree.ts";
import { bundleDriver, nodeRuntime, prepareTree, readConfig } from "../src/index.ts";

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "outrigger-driver-"));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function link(path: string, target: string, kind: "symlink" | "hardlink" = "symlink"): Piece {
  return { entry: { path, kind, mode: 0o777, uid: 0, gid: 0, size: 0, modified: 0, target } };
}

function prepared(tree: FileTree, config: object): { readonly added: readonly string[]; readonly paths: readonly string[] } {
  const reading = readConfig(JSON.stringify(config), "config.json");
  assert.ok(reading.ok);
  const { tree: ready, added } = prepareTree(tree, reading.value.config);
  return { added, paths: ready.entries.map(({ path }) => path) };
}

test("folders that an engine mounts on are added, through symlinks, and only where they are missing", () => {
  const config = {
    propagatedMount: "/data",
    mounts: [
      { name: "a", type: "tmpfs", source: "tmpfs", destination: "/scratch" },
      { name: "b", type: "bind", source: "/x", destination: "/bound", options: ["rbind"] },
    ],
  };
  assert.deepEqual(prepared(treeOfPieces([]), config), {
    added: ["/run/docker/plugins", "/data", "/scratch"],
    paths: ["", "data", "run", "run/docker", "run/docker/plugins", "scratch"],
  });
  assert.deepEqual(
    prepared(treeOfPieces([filePiece("run/docker/plugins/x", ""), filePiece("data/x", ""), filePiece("scratch/x", "")]), config).added,
    [],
  );
  const through = prepared(treeOfPieces([link("run", "var/run"), filePiece("var/run/x", "")]), {});
  assert.deepEqual(through.paths, ["", "run", "var", "var/run", "var/run/docker", "var/run/docker/plugins", "var/run/x"]);
  assert.throws(() => prepared(treeOfPieces([filePiece("run", "")]), {}), /\/run is no folder/);
  assert.throws(() => prepared(treeOfPieces([link("run", "no/where")]), {}), /\/run is no folder/);
  assert.throws(() => prepared(treeOfPieces([]), { propagatedMount: "/a/../../b" }), /\.\. in it/);
});

test("a folder of a tree becomes a tree, with its hard links, or is refused", () => {
  const tree = treeOfPieces([
    filePiece("rootfs/a", "a"),
    link("rootfs/b", "rootfs/a", "hardlink"),
    filePiece("config.json", "{}"),
    filePiece("rootfs-2/c", ""),
  ]);
  const sub = subTree(tree, "rootfs", "plugin.tar");
  assert.deepEqual(
    sub.entries.map(({ path, target }) => [path, target]),
    [
      ["", undefined],
      ["a", undefined],
      ["b", "a"],
    ],
  );
  assert.throws(() => subTree(tree, "none", "plugin.tar"), /has no folder none/);
  assert.throws(
    () => subTree(treeOfPieces([filePiece("out", ""), link("rootfs/b", "out", "hardlink")]), "rootfs", "p.tar"),
    /hard link to out, outside/,
  );
});

test("the Node runtime starts in its own root, strips nothing that it needs, and has no shell", async (context) => {
  const runtime = await nodeRuntime();
  context.after(() => runtime.close());
  const text =
    "require('node:dns').lookup('127.0.0.1', (_, address) => console.log(address, require('node:os').userInfo().username, typeof fetch, require('node:zlib').gzipSync('').length > 0))";
  const target = join(folder(context), "root");
  await unpackTree(treeOfPieces([...runtime.pieces, filePiece("driver.cjs", text)]), target);
  assert.equal(execFileSync("chroot", [target, "/node", "/driver.cjs"], { encoding: "utf8" }), "127.0.0.1 root function true\n");
  const programs = runtime.pieces.filter(({ entry }) => (entry.mode & 0o111) !== 0 && !/\.so/.test(entry.path) && entry.kind === "file");
  assert.deepEqual(
    programs.map(({ entry }) => entry.path),
    ["node"],
  );
});

test("a program that is none is refused as a runtime", async (context) => {
  const file = join(folder(context), "node");
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o755 });
  await assert.rejects(nodeRuntime({ binary: file }), /it is no ELF program/);
});

test("a module is bundled to CommonJS, one with top-level await to an ES module; mistakes have a place", async (context) => {
  const place = folder(context);
  const write = (name: string, text: string): string => {
    mkdirSync(join(place, name, ".."), { recursive: true });
    writeFileSync(join(place, name), text);
    return join(place, name);
  };
  write("part.ts", "export const answer: number = 42;\n");
  const plain = await bundleDriver(write("main.ts", 'import { answer } from "./part.ts";\nconsole.log(answer, typeof require);\n'));
  assert.equal(plain.name, "driver.cjs");
  assert.equal(
    execFileSync(process.execPath, [write("out/driver.cjs", Buffer.from(plain.text).toString())], { encoding: "utf8" }),
    "42 function\n",
  );
  const awaiting = await bundleDriver(
    write(
      "await.ts",
      'import { answer } from "./part.ts";\nconsole.log(await Promise.resolve(answer), import.meta.filename !== undefined);\n',
    ),
  );
  assert.equal(awaiting.name, "driver.mjs");
  assert.equal(
    execFileSync(process.execPath, [write("out/driver.mjs", Buffer.from(awaiting.text).toString())], { encoding: "utf8" }),
    "42 true\n",
  );
  await assert.rejects(
    bundleDriver(write("wrong.ts", '\nimport "./no-such.ts";\n')),
    (error: Error & { problems: readonly { line: number; file: string }[] }) => {
      assert.match(error.message, /wrong\.ts can't be made into one file: esbuild finds a mistake/);
      assert.deepEqual([error.problems[0]?.line, error.problems[0]?.file], [2, "wrong.ts"]);
      return true;
    },
  );
  const alone = await bundleDriver(write("sdk.ts", 'import { parseCpu } from "@outrigger/sdk";\nconsole.log(parseCpu("0.5"));\n'));
  assert.ok(alone.text.length > 0, "a driver that stands alone finds the SDK of this program");
});
