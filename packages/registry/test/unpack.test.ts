import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { treeOfDirectory, treeOfTar, type UnpackLayerOptions, unpackLayer, unpackTree } from "@outrigger/registry";
import { type TarFile, tarOf } from "../../../tests/support/tar-files.ts";

function temporary(context: Pick<TestContext, "after">): string {
  const folder = mkdtempSync(join(tmpdir(), "unpack-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function* pieces(bytes: Buffer, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpack(files: readonly TarFile[], folder: string, options: Partial<UnpackLayerOptions> = {}): Promise<void> {
  await unpackLayer(pieces(await tarOf(files)), folder, { name: "the layer", ...options });
}

function bzip2(bytes: Buffer): Buffer {
  return execFileSync("python3", ["-c", "import bz2, sys; sys.stdout.buffer.write(bz2.compress(sys.stdin.buffer.read()))"], {
    input: bytes,
  });
}

/** What must never get out: each puts `owned` beside the folder, if anything followed it. */
const hostile: Readonly<Record<string, readonly TarFile[]>> = {
  "a symlink to outside and a file behind it": [{ name: "out", type: "symlink", target: "../beside" }, { name: "out/owned" }],
  "an absolute symlink and a file behind it": [{ name: "out", type: "symlink", target: "/tmp" }, { name: "out/owned" }],
  "a folder that becomes a symlink and a file behind it": [
    { name: "out/", type: "directory" },
    { name: "out", type: "symlink", target: "../beside" },
    { name: "out/owned" },
  ],
  "a symlink behind a symlink": [
    { name: "a", type: "symlink", target: "." },
    { name: "a/b", type: "symlink", target: ".." },
    { name: "a/b/owned" },
  ],
  "a hard link to a symlink to outside, and a file behind it": [
    { name: "s", type: "symlink", target: "../beside" },
    { name: "h", type: "link", target: "s" },
    { name: "h/owned" },
  ],
  "a hard link through a symlink": [
    { name: "s", type: "symlink", target: "../beside" },
    { name: "h", type: "link", target: "s/secret" },
  ],
  "a hard link to outside": [{ name: "h", type: "link", target: "../beside/secret" }],
  "a hard link to a file by its absolute name": [{ name: "h", type: "link", target: "/etc/passwd" }],
  "`..`": [{ name: "../beside/owned" }],
  "`..` in the middle": [{ name: "a/../../beside/owned" }],
  "an absolute path": [{ name: "/tmp/owned" }],
  "a whiteout of something outside": [{ name: ".wh..." }],
  "a whiteout in a single layer": [{ name: "a" }, { name: ".wh.a" }],
  "a file where a folder is needed": [{ name: "a" }, { name: "a/b" }],
  "a file in the place of a folder": [{ name: "a/b" }, { name: "a" }],
  "a hard link to a folder": [
    { name: "a/", type: "directory" },
    { name: "b", type: "link", target: "a" },
  ],
  "the root as a symlink": [{ name: "./", type: "symlink", target: "/" }, { name: "owned" }],
};

for (const [what, files] of Object.entries(hostile)) {
  test(`refused when unpacked, and nothing stays: ${what}`, async (context) => {
    const folder = temporary(context);
    mkdirSync(join(folder, "beside"));
    writeFileSync(join(folder, "beside/secret"), "secret");
    await assert.rejects(unpack([{ name: "before" }, ...files], join(folder, "root")), {
      code: "archive-invalid",
      message: /^the layer can't be read, at "/,
    });
    assert.deepEqual(readdirSync(join(folder, "root")), []);
    assert.deepEqual(readdirSync(join(folder, "beside")), ["secret"]);
    assert.equal(existsSync("/tmp/owned"), false);
  });
}

test("a symlink may lead anywhere, and a file that takes its place does not follow it", async (context) => {
  const folder = temporary(context);
  writeFileSync(join(folder, "beside"), "untouched");
  await unpack(
    [
      { name: "a", type: "symlink", target: "../beside" },
      { name: "a", content: "own" },
      { name: "b", type: "symlink", target: "/etc" },
    ],
    join(folder, "root"),
  );
  assert.equal(readFileSync(join(folder, "beside"), "utf8"), "untouched");
  assert.equal(readFileSync(join(folder, "root/a"), "utf8"), "own");
});

test("of entries with one name the last counts; a hard link keeps what it named", async (context) => {
  const folder = temporary(context);
  const files: readonly TarFile[] = [
    { name: "a", content: "first" },
    { name: "b", type: "link", target: "a" },
    { name: "a", content: "second" },
    { name: "d", type: "symlink", target: "a" },
    { name: "d/", type: "directory", mode: 0o700 },
  ];
  await unpack(files, join(folder, "stream"));
  const tree = await treeOfTar(pieces(await tarOf(files)));
  await unpackTree(tree, join(folder, "tree"));
  await tree.close();
  for (const root of ["stream", "tree"]) {
    assert.equal(readFileSync(join(folder, root, "a"), "utf8"), "second");
    assert.equal(readFileSync(join(folder, root, "b"), "utf8"), "first");
    assert.equal(statSync(join(folder, root, "d")).mode & 0o7777, 0o700);
  }
});

test("a folder that is not empty is not touched", async (context) => {
  const folder = temporary(context);
  writeFileSync(join(folder, "kept"), "");
  await assert.rejects(unpack([{ name: "a" }], folder), { code: "folder-not-empty" });
  assert.deepEqual(readdirSync(folder), ["kept"]);
});

test("devices are left out and named, unless they are asked for; pipes are made", async (context) => {
  const folder = temporary(context);
  const files: readonly TarFile[] = [
    { name: "dev/null", type: "character-device" },
    { name: "pipe", type: "fifo" },
  ];
  const tar = await tarOf(files);
  assert.deepEqual((await unpackLayer(pieces(tar), join(folder, "without"), { name: "x" })).leftOut, ["dev/null"]);
  assert.deepEqual(readdirSync(join(folder, "without/dev")), []);
  assert.equal(statSync(join(folder, "without/pipe")).isFIFO(), true);
  assert.deepEqual((await unpackLayer(pieces(tar), join(folder, "with"), { name: "x", devices: "make" })).leftOut, []);
  assert.equal(statSync(join(folder, "with/dev/null")).isCharacterDevice(), true);
});

test("closed folders are filled, and nobody else sees them before they are done", async (context) => {
  const folder = temporary(context);
  const tar = await tarOf([
    { name: "./", type: "directory", mode: 0o755 },
    { name: "closed/", type: "directory", mode: 0o500, uid: 12, modified: 77 },
    { name: "closed/file", mode: 0o400 },
  ]);
  const modes: number[] = [];
  const slow = async function* (): AsyncGenerator<Uint8Array> {
    yield tar.subarray(0, 1700);
    modes.push(statSync(join(folder, "root")).mode & 0o777);
    yield tar.subarray(1700);
  };
  await unpackLayer(slow(), join(folder, "root"), { name: "x" });
  assert.deepEqual(modes, [0o700]);
  const { mode, uid, mtimeMs } = statSync(join(folder, "root/closed"));
  assert.deepEqual([mode & 0o777, uid, mtimeMs], [0o500, 12, 77_000]);
});

test("as a plain user, files are that user's own", (context) => {
  const folder = temporary(context);
  execFileSync("chmod", ["0777", folder]);
  const program = `import { unpackLayer } from "@outrigger/registry";
process.setgid(12345);
process.setuid(12345);
await unpackLayer(process.stdin, process.argv[1], { name: "x" });`;
  return tarOf([
    { name: "closed/", type: "directory", mode: 0o555, uid: 4 },
    { name: "closed/file", mode: 0o4711, uid: 4, content: "c" },
  ]).then((input) => {
    execFileSync(process.execPath, ["--input-type=module", "-e", program, join(folder, "root")], { input, cwd: import.meta.dirname });
    const { uid, gid, mode } = statSync(join(folder, "root/closed/file"));
    assert.deepEqual([uid, gid, mode & 0o7777], [12345, 12345, 0o4711]);
  });
});

test("what fails on its way leaves nothing: a source that breaks, a wrong diff_id, a truncated gzip", async (context) => {
  const folder = temporary(context);
  const tar = await tarOf([{ name: "a", content: "x".repeat(200_000) }, { name: "b" }]);
  const breaking = async function* (): AsyncGenerator<Uint8Array> {
    yield gzipSync(tar).subarray(0, 100);
    throw new RangeError("cut");
  };
  const root = join(folder, "root");
  await assert.rejects(unpackLayer(breaking(), root, { name: "x" }), RangeError);
  await assert.rejects(unpack([{ name: "a" }], root, { diffId: `sha256:${"0".repeat(64)}` }), { code: "digest-wrong" });
  const zipped = gzipSync(tar);
  for (const bytes of [zipped.subarray(0, -9), zipped.subarray(0, 200), zstdCompressSync(tar).subarray(0, -5)]) {
    await assert.rejects(unpackLayer(pieces(bytes), root, { name: "x" }), { code: "archive-invalid", message: /damaged or truncated/ });
  }
  const damaged = Buffer.from(zipped);
  damaged[damaged.length - 6] = (damaged.at(-6) ?? 0) ^ 1;
  await assert.rejects(unpackLayer(pieces(damaged), root, { name: "x" }), { code: "archive-invalid" });
  for (const behind of [Buffer.from("garbage"), Buffer.alloc(3), Buffer.from([0x1f]), Buffer.alloc(200_000)]) {
    for (const first of [zipped, zstdCompressSync(tar)]) {
      await assert.rejects(unpackLayer(pieces(Buffer.concat([first, behind])), root, { name: "x" }), { code: "archive-invalid" });
    }
  }
  await assert.rejects(unpackLayer(pieces(bzip2(tar)), root, { name: "x" }), {
    code: "archive-invalid",
    message: /something else than gzip or zstd/,
  });
  assert.deepEqual(readdirSync(root), []);
});

test("bombs are stopped by their ratio and by the size of the whole", async (context) => {
  const folder = temporary(context);
  const tar = await tarOf([{ name: "zeros", content: Buffer.alloc(80 * 2 ** 20) }]);
  const zipped = gzipSync(tar);
  await assert.rejects(unpackLayer(pieces(zipped, 1000), join(folder, "a"), { name: "x", ratio: 100 }), {
    code: "archive-too-large",
    message: /more than 100 times/,
  });
  await assert.rejects(unpackLayer(pieces(zipped), join(folder, "b"), { name: "x", limits: { size: 2 ** 20 } }), {
    code: "archive-too-large",
  });
  const zstd = zstdCompressSync(tar);
  await assert.rejects(unpackLayer(pieces(zstd), join(folder, "c"), { name: "x" }), {
    code: "archive-too-large",
    message: /more than 1000 times/,
  });
  for (const name of ["a", "b", "c"]) assert.deepEqual(readdirSync(join(folder, name)), []);
});

test("several gzip members and zstd frames are one layer, in pieces of any size", async (context) => {
  const folder = temporary(context);
  const tar = await tarOf([{ name: "a", content: "content".repeat(1000) }]);
  for (const [index, compress] of [gzipSync, zstdCompressSync].entries()) {
    const bytes = Buffer.concat([compress(tar.subarray(0, 700)), compress(tar.subarray(700))]);
    for (const size of [1, 100_000]) {
      const root = join(folder, `${index}-${size}`);
      await unpackLayer(pieces(bytes, size), root, { name: "x" });
      assert.equal(readFileSync(join(root, "a"), "utf8"), "content".repeat(1000));
    }
  }
});

test("a folder named by a symlink is not taken for a new one when it holds something", async (context) => {
  const folder = temporary(context);
  mkdirSync(join(folder, "beside"));
  writeFileSync(join(folder, "beside/kept"), "");
  symlinkSync("beside", join(folder, "root"));
  await assert.rejects(unpack([{ name: "a" }], join(folder, "root")), { code: "folder-not-empty" });
});

test("trees of folders that are unpacked at the same time don't get each other's contents", async (context) => {
  const folder = temporary(context);
  const sources = ["a", "b", "c"].map((name) => join(folder, name));
  for (const source of sources) {
    mkdirSync(source);
    for (let index = 0; index < 50; index += 1) writeFileSync(join(source, String(index)), randomBytes(3000));
  }
  const trees = await Promise.all(sources.map((source) => treeOfDirectory(source)));
  await Promise.all(trees.map((tree, index) => unpackTree(tree, `${sources[index]}-copy`)));
  for (const source of sources) execFileSync("diff", ["-r", source, `${source}-copy`]);
});
