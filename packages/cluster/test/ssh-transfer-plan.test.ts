import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileEntry, FileTree } from "@outrigger/registry";
import * as fc from "fast-check";
import { type HostFile, type HostFiles, readHostState } from "../src/ssh/distribute/host-state.ts";
import { besideFolder, pathLists } from "../src/ssh/distribute/path-lists.ts";
import { bytesOfPath, transferPlan } from "../src/ssh/distribute/transfer-plan.ts";
import { indexTree } from "../src/ssh/distribute/tree-index.ts";

type Part = Partial<FileEntry> & Pick<FileEntry, "path" | "kind">;

function tree(parts: readonly Part[], contents: Readonly<Record<string, string>> = {}): FileTree {
  const entries = [{ path: "", kind: "directory" } as const, ...parts].map(
    (part): FileEntry => ({ mode: 0o755, uid: 0, gid: 0, modified: 1, ...part, size: Buffer.byteLength(contents[part.path] ?? "") }),
  );
  async function* content(entry: FileEntry): AsyncGenerator<Uint8Array> {
    yield Buffer.from(contents[entry.path] ?? "");
  }
  return { entries, content, close: () => Promise.resolve() };
}

test("paths that would lead out of the folder are refused, and so is what can't be compared", async () => {
  const bad: readonly (readonly Part[])[] = [
    [{ path: "../x", kind: "file" }],
    [{ path: "/etc/passwd", kind: "file" }],
    [{ path: "a/../../x", kind: "file" }],
    [{ path: "a//x", kind: "file" }],
    [{ path: "./x", kind: "file" }],
    [{ path: "a\0b", kind: "file" }],
    [{ path: "missing/x", kind: "file" }],
    [
      { path: "link", kind: "symlink", target: "/etc" },
      { path: "link/passwd", kind: "file" },
    ],
    [
      { path: "file", kind: "file" },
      { path: "file/x", kind: "file" },
    ],
    [{ path: "hard", kind: "hardlink", target: "../../etc/passwd" }],
    [
      { path: "link", kind: "symlink", target: "/etc/shadow" },
      { path: "hard", kind: "hardlink", target: "link" },
    ],
    [{ path: "dev", kind: "block-device", device: { major: 8, minor: 0 } }],
    [{ path: "pipe", kind: "fifo" }],
  ];
  for (const parts of bad) await assert.rejects(indexTree(tree(parts)), { code: "tree-not-for-hosts" }, JSON.stringify(parts));
});

test("a tree's digest changes with all that a host is to have, and with nothing else", async () => {
  const entry = { path: "f", kind: "file" } as const;
  const digest = async (part: Part, text = "x"): Promise<string> => (await indexTree(tree([part], { f: text }))).digest;
  const first = await digest(entry);
  assert.equal(await digest({ ...entry }), first);
  const others = await Promise.all([
    digest({ ...entry, mode: 0o700 }),
    digest({ ...entry, uid: 1 }),
    digest({ ...entry, gid: 1 }),
    digest({ ...entry, modified: 2 }),
    digest({ ...entry, attributes: { "user.a": Buffer.from("b") } }),
    digest(entry, "y"),
  ]);
  assert.equal(new Set([first, ...others]).size, 7);
});

/** A model of a folder on a host: what a plan's commands make of it is worked out without one. */
type Folder = Map<string, HostFile>;

const names = ["a", "b", "c"];
const kinds = fc.constantFrom("file", "directory", "symlink", "hardlink");
const shape = fc.dictionary(
  fc
    .tuple(fc.constantFrom(...names), fc.option(fc.constantFrom(...names), { nil: undefined }))
    .map((parts) => parts.filter((part) => part !== undefined).join("/")),
  fc.record({ kind: kinds, text: fc.constantFrom("", "one", "two"), mode: fc.constantFrom(0o644, 0o755), uid: fc.constantFrom(0, 5) }),
  { maxKeys: 8 },
);

function treeOf(
  wanted: Readonly<Record<string, { readonly kind: string; readonly text: string; readonly mode: number; readonly uid: number }>>,
): FileTree {
  const paths = Object.keys(wanted).toSorted();
  const parts: Part[] = [];
  const contents: Record<string, string> = {};
  for (const path of paths) {
    const { kind, text, mode, uid } = wanted[path] ?? assert.fail();
    const parent = path.includes("/") ? path.slice(0, path.indexOf("/")) : undefined;
    if (parent !== undefined && !parts.some((part) => part.path === parent && part.kind === "directory")) continue;
    const file = parts.find((part) => part.kind === "file");
    if (kind === "file") contents[path] = text;
    if (kind === "hardlink" && file !== undefined) parts.push({ path, kind, target: file.path, mode: file.mode ?? 0, uid: file.uid ?? 0 });
    else if (kind === "symlink") parts.push({ path, kind, target: text === "" ? "x" : text, mode: 0o777, uid });
    else if (kind === "file" || kind === "directory") parts.push({ path, kind, mode, uid });
  }
  return tree(parts, contents);
}

let inodes = 0;

async function folderOf(source: FileTree): Promise<Folder> {
  const { digests } = await indexTree(source);
  const folder: Folder = new Map();
  for (const each of source.entries.toSorted((a, b) => Number(a.kind === "hardlink") - Number(b.kind === "hardlink"))) {
    const types = { file: "f", directory: "d", symlink: "l" } as const;
    if (each.kind === "hardlink") folder.set(each.path, folder.get(each.target ?? "") ?? assert.fail());
    else if (each.kind === "file" || each.kind === "directory" || each.kind === "symlink") {
      const { mode, uid, gid, size, modified, target = "" } = each;
      inodes += 1;
      folder.set(each.path, {
        type: types[each.kind],
        mode,
        uid,
        gid,
        size,
        modified,
        inode: String(inodes),
        target,
        digest: digests.get(each.path),
      });
    }
  }
  return folder;
}

const seen = (folder: HostFiles): unknown =>
  [...folder]
    .map(([path, { type, mode, uid, gid, digest, target }]) => [path, type, type === "l" ? 0 : mode, uid, gid, digest ?? target])
    .toSorted((a, b) => String(a[0]).localeCompare(String(b[0])));
const linked = (folder: HostFiles, source: FileTree): unknown =>
  source.entries
    .filter(({ kind }) => kind === "hardlink")
    .map(({ path, target }) => folder.get(path)?.inode === folder.get(target ?? "")?.inode);

/** Carries a plan's commands out on the model; fails where the real commands would. */
async function carryOut(source: FileTree, before: Folder): Promise<Folder> {
  const index = await indexTree(source);
  const plan = transferPlan(index, { folder: before, staged: new Map(), large: new Map() });
  const staged = await folderOf(
    tree(
      plan.entries.filter(({ path }) => path !== ""),
      {},
    ),
  );
  for (const [path, digest] of index.digests) {
    const file = staged.get(path);
    if (file !== undefined) staged.set(path, { ...file, digest, size: index.byPath.get(path)?.size ?? 0 });
  }
  const after = new Map(before);
  for (const { words, paths, into } of [...plan.changes, ...plan.links]) {
    for (const path of paths) {
      const change = (value: Partial<HostFile>): void => {
        const { inode } = after.get(path) ?? assert.fail(`${words.join(" ")} ${path}`);
        for (const [other, found] of after) if (found.inode === inode) after.set(other, { ...found, ...value });
      };
      if (words[0] === "rm") for (const other of [...after.keys()]) if (other === path || other.startsWith(`${path}/`)) after.delete(other);
      if (words[0] === "mkdir") {
        assert.ok(!after.has(path));
        inodes += 1;
        after.set(path, {
          type: "d",
          mode: 0o700,
          uid: 0,
          gid: 0,
          size: 0,
          modified: 0,
          inode: String(inodes),
          target: "",
          digest: undefined,
        });
      }
      if (words[0] === "mv") {
        assert.equal(after.get(into ?? "")?.type, "d");
        assert.notEqual(after.get(path)?.type, "d");
        after.set(path, staged.get(path) ?? assert.fail(`${path} is not staged`));
      }
      if (words[0] === "ln") {
        const target = after.get((words.at(-1) ?? "").slice(2));
        assert.equal(target?.type, "f");
        assert.notEqual(after.get(path)?.type, "d");
        after.set(path, target ?? assert.fail());
      }
      if (words[0] === "chmod") change({ mode: Number.parseInt(words[1] ?? "", 8) });
      if (words[0] === "chown") change({ uid: Number(words[2]?.split(":")[0]), gid: Number(words[2]?.split(":")[1]) });
      if (words[0] === "touch") change({ modified: Number(words[2]?.slice(1)) });
    }
  }
  return after;
}

test("whatever a folder holds, a plan's commands make it hold the tree, and nothing else; then there is nothing to do", async () => {
  await fc.assert(
    fc.asyncProperty(shape, shape, async (wanted, had) => {
      const source = treeOf(wanted);
      const after = await carryOut(source, await folderOf(treeOf(had)));
      const goal = await folderOf(source);
      assert.deepEqual(seen(after), seen(goal));
      assert.deepEqual(linked(after, source), linked(goal, source));
      const again = transferPlan(await indexTree(source), { folder: after, staged: new Map(), large: new Map() });
      assert.deepEqual(
        [again.entries.filter(({ kind }) => kind !== "directory"), again.changes, again.links, again.bytes],
        [[], [], [], 0],
      );
    }),
    { numRuns: 1500 },
  );
});

test("two files of the tree that are one file on the host become two", async () => {
  const parts = [
    { path: "a", kind: "file", mode: 0o644 },
    { path: "b", kind: "file", mode: 0o600 },
  ] as const;
  const source = tree(parts, { a: "same", b: "same" });
  const had = await folderOf(tree([parts[0], { path: "b", kind: "hardlink", target: "a" }], { a: "same" }));
  assert.deepEqual(seen(await carryOut(source, had)), seen(await folderOf(source)));
});

test("a file that is replaced takes its other names with it", async () => {
  const parts = [
    { path: "a", kind: "file" },
    { path: "b", kind: "hardlink", target: "a" },
  ] as const;
  const source = tree(parts, { a: "new" });
  const after = await carryOut(source, await folderOf(tree(parts, { a: "old" })));
  assert.deepEqual(seen(after), seen(await folderOf(source)));
  assert.deepEqual(linked(after, source), [true]);
});

test("what is staged rightly is not sent again; anything else is taken away from there", async () => {
  const source = tree(
    [
      { path: "d", kind: "directory" },
      { path: "d/right", kind: "file" },
      { path: "d/torn", kind: "file" },
      { path: "d/mode", kind: "file" },
    ],
    { "d/right": "right", "d/torn": "torn", "d/mode": "mode" },
  );
  const staged = await folderOf(source);
  const change = (path: string, value: Partial<HostFile>): void =>
    void staged.set(path, { ...(staged.get(path) ?? assert.fail()), ...value });
  change("d/torn", { digest: "0".repeat(64) });
  change("d/mode", { mode: 0o600 });
  staged.set("old", staged.get("d/right") ?? assert.fail());
  const plan = transferPlan(await indexTree(source), { folder: undefined, staged, large: new Map() });
  assert.deepEqual(
    plan.entries.filter(({ kind }) => kind === "file").map(({ path }) => path),
    ["d/torn", "d/mode"],
  );
  assert.deepEqual(plan.unstage, [{ words: ["rm", "-rf"], paths: ["d/torn", "d/mode", "old"] }]);
  assert.equal(plan.bytes, 8);
});

test("a listing is read as find, openssl and sha256sum print it, names of any bytes included", () => {
  const hash = "a".repeat(64);
  const odd = Buffer.from([0xff, 0x0a, 0x5c]).toString("latin1");
  const printed = [
    "\u001dfolder",
    "d 755 0 0 0 1700000000.5 7",
    "",
    "",
    "f 4711 1 2 33 1700000000.9999 8",
    "a b",
    "",
    `f 644 0 0 0 -1.5 9`,
    odd,
    "",
    "l 777 0 0 3 1 10",
    "link",
    "to\nhere",
    "\u001ddigests",
    `${hash} *./a b`,
    `${hash}  ./${odd}`,
    "\u001dstaged",
    "\u001dlarge",
    "d 700 0 0 0 1 11",
    "",
    "",
    `f 600 0 0 5 1 12`,
    hash,
    "",
    "\u001ddigests",
    `${"b".repeat(64)} *./${hash}`,
    "",
  ].join("\0");
  const state = readHostState(Buffer.from(printed, "latin1"));
  assert.deepEqual(
    [...(state.folder ?? [])].map(([path, { type, mode, modified, digest, target }]) => [path, type, mode, modified, digest, target]),
    [
      ["", "d", 0o755, 1700000000, undefined, ""],
      ["a b", "f", 0o4711, 1700000000, hash, ""],
      [odd, "f", 0o644, -2, hash, ""],
      ["link", "l", 0o777, 1, undefined, "to\nhere"],
    ],
  );
  assert.equal(state.staged.size, 0);
  assert.deepEqual([...state.large], [[hash, { size: 5, digest: "b".repeat(64) }]]);
  assert.equal(readHostState(Buffer.from("\u001dfolder\0\u001dstaged\0\u001dlarge\0")).folder, undefined);
});

test("lists hold paths as bytes, and what is staged lies beside the folder", () => {
  assert.equal(besideFolder("/var/lib/x/rootfs"), "/var/lib/x/.rootfs.outrigger");
  assert.deepEqual(pathLists([{ words: ["rm"], paths: [bytesOfPath("ü"), "-rf"] }]), Buffer.from("./ü\0./-rf\0"));
});
