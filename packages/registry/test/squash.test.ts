import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { flattenImage, openDockerArchive, squashTrees, treeOfTar } from "@outrigger/registry";
import fc from "fast-check";
import { exportedImage, savedImage, type TarFile, tarOf } from "../../../tests/support/tar-files.ts";
import { describeTree } from "../../../tests/support/trees.ts";

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function squashed(context: Pick<TestContext, "after">, layers: readonly (readonly TarFile[])[]): Promise<readonly string[]> {
  const trees = await Promise.all(layers.map(async (files) => treeOfTar(once(await tarOf(files)), { layer: true, name: "a layer" })));
  for (const each of trees) context.after(each.close);
  const tree = squashTrees(trees);
  return (await describeTree(tree)).map((line) => line.replace(/ 0:0 0/, ""));
}

const folder = (name: string, mode = 0o755): TarFile => ({ name: `${name}/`, type: "directory", mode });
const file = (name: string, content: string = name): TarFile => ({ name, content });
const link = (name: string, target: string): TarFile => ({ name, type: "link", target });
const symlink = (name: string, target: string): TarFile => ({ name, type: "symlink", target });

const cases: Readonly<Record<string, readonly [layers: readonly (readonly TarFile[])[], expected: readonly string[]]>> = {
  "a whiteout takes away a file of below, and one of its own layer stays, whatever the order": [
    [
      [file("a", "old"), file("b")],
      [file("a", "new"), file(".wh.a"), file(".wh.b")],
    ],
    ['a file 644 "new"'],
  ],
  "a whiteout of a folder takes all in it; a new one of that name is empty": [
    [
      [folder("d"), file("d/a"), folder("d/e"), file("d/e/f")],
      [file(".wh.d"), folder("d"), file("d/b")],
    ],
    ["d directory 755", 'd/b file 644 "d/b"'],
  ],
  "an opaque folder hides what is below, and not what its own layer has, whatever the order": [
    [
      [folder("d"), file("d/a"), folder("d/e"), file("d/e/f")],
      [folder("d"), file("d/b"), file("d/.wh..wh..opq"), file("d/c")],
    ],
    ["d directory 755", 'd/b file 644 "d/b"', 'd/c file 644 "d/c"'],
  ],
  "an opaque root hides everything": [
    [
      [file("a"), folder("d")],
      [file(".wh..wh..opq"), file("b")],
    ],
    ['b file 644 "b"'],
  ],
  "whiteouts of nothing are nothing": [[[file("a")], [file(".wh.b"), file("c/.wh.d"), file("e/.wh..wh..opq")]], ['a file 644 "a"']],
  "a folder becomes a file and a folder again": [
    [[folder("d"), file("d/a")], [file("d", "now a file")], [folder("d", 0o700), file("d/b")]],
    ["d directory 700", 'd/b file 644 "d/b"'],
  ],
  "a folder over a folder changes it and keeps what it holds; one that a layer does not name is as below": [
    [[folder("d", 0o700), file("d/a")], [file("d/b")], [folder("d", 0o711)], [file("d/c")]],
    ["d directory 711", 'd/a file 644 "d/a"', 'd/b file 644 "d/b"', 'd/c file 644 "d/c"'],
  ],
  "a file behind what is a symlink below makes a folder of it, as overlay does": [
    [[folder("usr/bin"), file("usr/bin/a"), symlink("bin", "usr/bin")], [file("bin/b")]],
    ["bin directory 755", 'bin/b file 644 "bin/b"', "usr directory 755", "usr/bin directory 755", 'usr/bin/a file 644 "usr/bin/a"'],
  ],
  "a hard link keeps the content of a name that is taken away": [
    [[file("a"), link("b", "a"), link("c", "b")], [file(".wh.a")]],
    ['b file 644 "a"', "c hardlink 644 -> b"],
  ],
  "a hard link keeps the content of a name that gets another": [
    [[file("a"), link("b", "a")], [file("a", "new")]],
    ['a file 644 "new"', 'b file 644 "a"'],
  ],
  "a hard link may name a file of a layer below": [[[file("a")], [link("b", "a")], [file(".wh.a")]], ['b file 644 "a"']],
  "a hard link of a layer names the layer's own file before one below": [
    [[file("a", "old")], [file("a", "new"), link("b", "a")]],
    ['a file 644 "new"', "b hardlink 644 -> a"],
  ],
  "a file that was taken away does not come back": [[[file("a")], [file(".wh.a")], [file("b")]], ['b file 644 "b"']],
  "AUFS's own files are left out, and hard links that name them are files": [
    [
      [
        file(".wh..wh.aufs"),
        file(".wh..wh.plnk/9.8", "content"),
        link("a", ".wh..wh.plnk/9.8"),
        link("b", ".wh..wh.plnk/9.8"),
        file(".wh..wh.orph/x"),
      ],
    ],
    ['a file 644 "content"', "b hardlink 644 -> a"],
  ],
  "a symlink with another name is a symlink twice": [[[symlink("a", "x"), link("b", "a")], [file(".wh.a")]], ["b symlink 777 -> x"]],
};

for (const [what, [layers, expected]] of Object.entries(cases)) {
  test(`squashing: ${what}`, async (context) => {
    assert.deepEqual(await squashed(context, layers), expected);
  });
}

test("attributes, owners and setuid come through the layers", async (context) => {
  const attributes = { "SCHILY.xattr.security.capability": "caps" };
  const tool: TarFile = { name: "tool", content: "t", mode: 0o6755, uid: 3, gid: 4, modified: 99, pax: attributes };
  const [line] = await squashed(context, [[tool, link("zz", "tool")], [file("other")], [file(".wh.tool")]]).then((lines) =>
    lines.filter((each) => each.startsWith("zz")),
  );
  assert.equal(line, `zz file 6755 3:4 99 "t" security.capability=${Buffer.from("caps").toString("hex")}`);
});

test("refused: hard links to nothing and to folders, whiteouts that hold files or name no file", async (context) => {
  const invalid = { code: "archive-invalid" };
  await assert.rejects(squashed(context, [[file("a")], [file(".wh.a"), link("b", "a")]]), invalid);
  await assert.rejects(squashed(context, [[folder("a")], [link("b", "a")]]), invalid);
  await assert.rejects(squashed(context, [[file(".wh.a/b")]]), invalid);
  for (const name of [".wh..", ".wh...", ".wh."]) await assert.rejects(squashed(context, [[file(`d/${name}`)]]), invalid, name);
});

/** What happens to a filesystem, layer by layer, in the order of the specification; hard links within a layer. Names are few, so that they meet. */
interface Change {
  readonly path: string;
  readonly what: "file" | "folder" | "symlink" | "link" | "whiteout" | "opaque";
  readonly target: string;
  readonly mode: number;
}

const names = ["a", "b", "c"];
const path = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }).map((steps) => steps.join("/"));
const change: fc.Arbitrary<Change> = fc.record({
  path,
  what: fc.constantFrom("file", "file", "folder", "folder", "symlink", "link", "whiteout", "opaque"),
  target: path,
  mode: fc.constantFrom(0o700, 0o755, 0o4711),
});
const stacks = fc.array(fc.array(change, { maxLength: 9 }), { minLength: 1, maxLength: 4 });

/** One layer as tools write it from a filesystem: every name once, every folder named, links to files of the layer, with the mode of the file that they are. */
function layerFiles(changes: readonly Change[], number: number): readonly TarFile[] {
  const taken = new Map<string, Change["what"]>();
  const kept: Change[] = [];
  for (const one of changes) {
    const place = one.what === "opaque" ? `${one.path}/.wh..wh..opq` : one.path;
    const above = place
      .split("/")
      .slice(0, -1)
      .map((_, index, steps) => steps.slice(0, index + 1).join("/"));
    if (taken.has(place) || above.some((folderPath) => !["folder", undefined].includes(taken.get(folderPath)))) continue;
    const linked = one.what === "link" ? kept.find(({ path, what }) => path === one.target && what === "file") : undefined;
    if (one.what === "link" && linked === undefined) continue;
    for (const folderPath of above.filter((each) => !taken.has(each))) {
      taken.set(folderPath, "folder");
      kept.push({ path: folderPath, what: "folder", target: "", mode: 0o755 });
    }
    taken.set(place, one.what);
    kept.push({ ...one, mode: linked?.mode ?? one.mode });
  }
  return kept.map((one) => tarFile(one, number));
}

function tarFile({ path: at, what, target, mode }: Change, number: number): TarFile {
  const parts = at.split("/");
  switch (what) {
    case "file":
      return { name: at, content: `${at} of layer ${number}`, mode, modified: number };
    case "folder":
      return { name: `${at}/`, type: "directory", mode, modified: number };
    case "symlink":
      return { name: at, type: "symlink", target: `../${target}`, mode: 0o777, modified: number };
    case "link":
      return { name: at, type: "link", target, mode, modified: number };
    case "whiteout":
      return { name: [...parts.slice(0, -1), `.wh.${parts.at(-1)}`].join("/"), mode: 0 };
    case "opaque":
      return { name: `${at}/.wh..wh..opq`, mode: 0 };
  }
}

interface ModelFile {
  readonly file: TarFile;
}

/** The straightforward way: a map of paths, where removing a path removes all below it. */
function model(layers: readonly (readonly TarFile[])[]): readonly string[] {
  const state = new Map<string, ModelFile>();
  const clear = (at: string): void => {
    for (const each of [...state.keys()]) if (each.startsWith(`${at}/`)) state.delete(each);
  };
  for (const layer of layers) {
    for (const { name } of layer) {
      const at = name.replace(/\/?\.wh\..*$/, "");
      if (name.endsWith(".wh..wh..opq")) clear(at);
      else if (name.includes(".wh.")) {
        const gone = name.replace(".wh.", "");
        clear(gone);
        state.delete(gone);
      }
    }
    for (const one of layer.filter(({ name }) => !name.includes(".wh."))) {
      const at = one.name.replace(/\/$/, "");
      const inode = one.type === "link" ? state.get(one.target ?? "") : { file: one };
      if (inode === undefined) throw new TypeError("the model lost a file");
      if (one.type !== "directory" || state.get(at)?.file.type !== "directory") clear(at);
      state.set(at, inode);
    }
  }
  const first = new Map<ModelFile, string>();
  return [...state]
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([at, inode]) => {
      const { type = "file", mode = 0, modified = 0, content, target } = inode.file;
      const known = first.get(inode);
      if (known === undefined) first.set(inode, at);
      const shown = type === "file" && known !== undefined ? "hardlink" : type;
      const rest = shown === "hardlink" ? `-> ${known}` : type === "symlink" ? `-> ${target}` : JSON.stringify(content);
      return [at, shown, mode.toString(8), "0:0", modified, ...(type === "directory" ? [] : [rest])].join(" ");
    });
}

test("random stacks of layers become what a straightforward model makes of them", async () => {
  await fc.assert(
    fc.asyncProperty(stacks, async (stack) => {
      const layers = stack.map((changes, index) => layerFiles(changes, index + 1));
      const trees = await Promise.all(layers.map(async (files) => treeOfTar(once(await tarOf(files)), { layer: true })));
      const tree = squashTrees(trees);
      assert.deepEqual(await describeTree(tree), model(layers));
      await tree.close();
    }),
    { numRuns: 300 },
  );
});

// An engine loses a whiteout whose name the same layer uses again, or refuses it: tools write an opaque folder or one of the two.
function forEngine(files: readonly TarFile[]): readonly TarFile[] {
  const own = new Set(files.map(({ name }) => name.replace(/\/$/, "")));
  return files.filter(({ name }) => !name.includes(".wh.") || name.endsWith(".wh..wh..opq") || !own.has(name.replace(".wh.", "")));
}

test("random stacks of layers become what an engine makes of them: docker load and docker export", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "squash-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const engines = (at: string): boolean => !/^(\.dockerenv|dev|proc|sys|etc)(\/|$)/.test(at);
  for (const [index, stack] of fc.sample(stacks, { numRuns: 8 }).entries()) {
    const layers = await Promise.all([[file("always")], ...stack.map((changes, at) => forEngine(layerFiles(changes, at + 1)))].map(tarOf));
    const name = `layers-test/squash-${process.pid}:${index}`;
    const path = join(directory, `${index}.tar`);
    writeFileSync(path, await savedImage(name, layers));
    execFileSync("docker", ["load", "-i", path], { stdio: "pipe" });
    try {
      const exported = await treeOfTar(once(exportedImage(name)));
      const archive = await openDockerArchive(path);
      const { tree } = await flattenImage(archive, name);
      assert.deepEqual(await describeTree(tree, engines), await describeTree(exported, engines), JSON.stringify(stack));
      for (const one of [exported, tree, archive]) await one.close();
    } finally {
      execFileSync("docker", ["rmi", name], { stdio: "ignore" });
    }
  }
});
