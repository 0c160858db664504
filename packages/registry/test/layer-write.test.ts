import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  createReadStream,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  type FileEntry,
  type FileTree,
  tarBlocks,
  treeOfDirectory,
  treeOfTar,
  unpackLayer,
  unpackTree,
  writeLayer,
} from "@outrigger/registry";
import fc from "fast-check";

function temporary(context: Pick<TestContext, "after">): string {
  const folder = mkdtempSync(join(tmpdir(), "layer-write-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder with everything that a root filesystem can have. */
function exampleRoot(folder: string): string {
  const root = join(folder, "root");
  mkdirSync(join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "empty"));
  writeFileSync(join(root, "bin/tool"), "#!/bin/sh\n");
  chownSync(join(root, "bin/tool"), 7, 8);
  chmodSync(join(root, "bin/tool"), 0o6755);
  linkSync(join(root, "bin/tool"), join(root, "bin/again"));
  symlinkSync("/etc/../bin/tool", join(root, "link"));
  writeFileSync(join(root, "größe \\ = x"), "ü");
  writeFileSync(join(root, "random"), randomBytes(3 * 2 ** 20 + 17));
  writeFileSync(join(root, "text"), "the same again and again\n".repeat(200_000));
  const deep = join(root, "a-folder-with-a-long-name/".repeat(12));
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(deep, "file"), "");
  execFileSync("mknod", [join(root, "null"), "c", "1", "3"]);
  execFileSync("mkfifo", [join(root, "pipe")]);
  execFileSync("setcap", ["cap_net_raw+ep", join(root, "random")]);
  execFileSync("setfattr", ["-n", "user.note", "-v", "kept = \\ so", join(root, "größe \\ = x")]);
  chmodSync(join(root, "empty"), 0o1777);
  utimesSync(join(root, "empty"), 1_000_000, 1_000_000);
  return root;
}

/** All that a file has, by its path; the times without their fractions, as archives have them. */
function listing(root: string): string {
  const format = "%P %M %U %G %l %n %y ";
  const files = execFileSync("find", [root, "-printf", `${format}%Ts\\n`], { encoding: "utf8" });
  const attributes = execFileSync("getfattr", ["-R", "-h", "-d", "-m", ".", "-e", "hex", "."], { cwd: root, encoding: "utf8" });
  return `${files.trim().split("\n").toSorted().join("\n")}\n${attributes.split("\n\n").toSorted().join("\n\n")}`;
}

for (const compression of ["gzip", "zstd", "none"] as const) {
  test(`a folder becomes a layer (${compression}) and the layer the same folder: owners, setuid, times, links, devices, attributes`, async (context) => {
    const folder = temporary(context);
    const root = exampleRoot(folder);
    const tree = await treeOfDirectory(root);
    const { file, diffId, descriptor } = await writeLayer(tree, { file: join(folder, "layer"), compression, modified: "keep" });
    assert.equal(descriptor.digest, `sha256:${createHash("sha256").update(readFileSync(file)).digest("hex")}`);
    assert.equal(descriptor.size, readFileSync(file).length);
    const result = await unpackLayer(createReadStream(file), join(folder, "unpacked"), { name: file, devices: "make", diffId });
    assert.equal(result.entries, tree.entries.length);
    assert.equal(listing(join(folder, "unpacked")), listing(root));
    execFileSync("diff", ["-r", "--no-dereference", "--exclude=null", "--exclude=pipe", root, join(folder, "unpacked")]);
    const again = await treeOfTar(file);
    context.after(again.close);
    await unpackTree(again, join(folder, "again"), { devices: "make" });
    assert.equal(listing(join(folder, "again")), listing(root));
  });
}

test("what others make of our gzip is the tar: gunzip, Python, Node.js; and GNU tar and Python list it without a complaint", async (context) => {
  const folder = temporary(context);
  const { file, diffId, plainSize } = await writeLayer(await treeOfDirectory(exampleRoot(folder)), { file: join(folder, "layer") });
  const python = "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())";
  const options = { maxBuffer: 2 ** 30 };
  for (const plain of [
    gunzipSync(readFileSync(file)),
    execFileSync("gzip", ["-dc", file], options),
    execFileSync("pigz", ["-dc", file], options),
    execFileSync("python3", ["-c", python, file], options),
  ]) {
    assert.equal(plain.length, plainSize);
    assert.equal(`sha256:${createHash("sha256").update(plain).digest("hex")}`, diffId);
  }
  assert.equal(execFileSync("gzip", ["-t", "-v", file], { stdio: "pipe" }).length, 0);
  const listed = execFileSync("tar", ["-tzf", file, "--quoting-style=literal"], { encoding: "utf8" }).trim().split("\n");
  const names = "import sys, tarfile; [print(name) for name in tarfile.open(sys.argv[1]).getnames()]";
  const named = execFileSync("python3", ["-c", names, file], { encoding: "utf8" }).trim().split("\n");
  assert.deepEqual(listed.slice(0, 3), ["./", "a-folder-with-a-long-name/", "a-folder-with-a-long-name/a-folder-with-a-long-name/"]);
  assert.equal(named.length, listed.length);
});

test("an engine takes our layer: docker import, and the export has the same files", async (context) => {
  const folder = temporary(context);
  const root = exampleRoot(folder);
  const { file } = await writeLayer(await treeOfDirectory(root), { file: join(folder, "layer"), modified: "keep" });
  const name = `layers-test/import-${process.pid}:1`;
  execFileSync("docker", ["import", file, name], { stdio: "pipe" });
  const container = execFileSync("docker", ["create", name, "/x"], { encoding: "utf8" }).trim();
  context.after(() => {
    execFileSync("docker", ["rm", container], { stdio: "ignore" });
    execFileSync("docker", ["rmi", name], { stdio: "ignore" });
  });
  execFileSync("docker", ["export", "-o", join(folder, "exported.tar"), container]);
  const exported = await treeOfTar(join(folder, "exported.tar"));
  const found = new Map(exported.entries.map((entry) => [entry.path, entry]));
  for (const entry of (await treeOfDirectory(root)).entries) {
    if (entry.path === "") continue;
    const other = found.get(entry.path);
    // Engines keep security.capability alone.
    const shown = ({ attributes, ...rest }: FileEntry): object => ({
      ...rest,
      capability: attributes?.["security.capability"]?.toString(),
    });
    assert.deepEqual(shown(other ?? assert.fail(`${entry.path} is missing`)), shown(entry));
  }
  await exported.close();
});

test("a layer's bytes depend on the tree alone: not on its source, times, or the number of threads", async (context) => {
  const folder = temporary(context);
  const root = exampleRoot(folder);
  const first = await writeLayer(await treeOfDirectory(root), { file: join(folder, "first") });
  const tar = await treeOfTar(first.file);
  context.after(tar.close);
  const second = await writeLayer(tar, { file: join(folder, "second") });
  assert.deepEqual(second.descriptor, first.descriptor);
  const asynchronous: FileTree = { entries: tar.entries, content: tar.content, close: tar.close };
  assert.deepEqual((await writeLayer(asynchronous, { file: join(folder, "third") })).descriptor, first.descriptor);
  execFileSync("cp", ["-a", root, join(folder, "copy")]);
  utimesSync(join(folder, "copy/text"), 5, 5);
  const program = `import { treeOfDirectory, writeLayer } from "@outrigger/registry";
console.log((await writeLayer(await treeOfDirectory(process.argv[1]), { directory: process.argv[2] })).descriptor.digest);`;
  for (const threads of ["1", "9"]) {
    const words = ["--input-type=module", "-e", program, join(folder, "copy"), folder];
    const env = { ...process.env, UV_THREADPOOL_SIZE: threads };
    const digest = execFileSync(process.execPath, words, { cwd: import.meta.dirname, encoding: "utf8", env }).trim();
    assert.equal(digest, first.descriptor.digest);
  }
});

test("zstd of ours is one stream for other readers", async (context) => {
  const folder = temporary(context);
  const { file, diffId } = await writeLayer(await treeOfDirectory(exampleRoot(folder)), {
    file: join(folder, "layer"),
    compression: "zstd",
  });
  const plain = execFileSync("zstd", ["-dc", file], { maxBuffer: 2 ** 30 });
  assert.equal(`sha256:${createHash("sha256").update(plain).digest("hex")}`, diffId);
  assert.equal(Buffer.compare(plain, zstdDecompressSync(readFileSync(file))), 0);
});

test("any tree that we write is read back as it was", async (context) => {
  const folder = temporary(context);
  const step = fc.stringMatching(/^[a-zA-Zäß€𝄞 =.-]{1,60}$/u).filter((name) => name !== "." && name !== ".." && !name.startsWith(".wh."));
  const paths = fc.uniqueArray(fc.array(step, { minLength: 1, maxLength: 5 }), { maxLength: 8, selector: (steps) => steps[0] });
  const number = fc.oneof(fc.nat(70_000), fc.constantFrom(0o7777777, 0o10000000, 4_294_967_294));
  const value = fc.record({
    mode: fc.nat(0o7777),
    uid: number,
    gid: number,
    modified: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(0o77777777777, 0o100000000000)),
    content: fc.uint8Array({ maxLength: 1100 }),
    attributes: fc.dictionary(fc.stringMatching(/^user\.[a-z]{1,20}$/), fc.uint8Array({ maxLength: 40 }), {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    target: fc.stringMatching(/^[a-z./é]{1,150}$/u),
    isLink: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(paths, fc.infiniteStream(value), async (names, values) => {
      const entries: FileEntry[] = [{ path: "", kind: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, modified: 0 }];
      const contents = new Map<string, Uint8Array>();
      for (const steps of names) {
        for (let length = 1; length <= steps.length; length += 1) {
          const { content, target, isLink, attributes, ...rest } = values.next().value ?? assert.fail();
          const path = steps.slice(0, length).join("/");
          const kind = length < steps.length ? "directory" : isLink ? "symlink" : "file";
          const kept = Object.keys(attributes).length === 0 ? {} : { attributes };
          entries.push({
            path,
            kind,
            ...rest,
            ...kept,
            size: kind === "file" ? content.length : 0,
            ...(kind === "symlink" ? { target, mode: 0o777 } : {}),
          });
          if (kind === "file") contents.set(path, content);
        }
      }
      entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
      const content = async function* ({ path }: FileEntry): AsyncGenerator<Uint8Array> {
        yield contents.get(path) ?? new Uint8Array();
      };
      const written = await writeLayer(
        { entries, content, close: async () => {} },
        { directory: folder, compression: "none", modified: "keep" },
      );
      const read = await treeOfTar(written.file);
      const plain = read.entries.map(({ attributes, ...rest }) => ({
        ...rest,
        ...(attributes === undefined
          ? {}
          : { attributes: Object.fromEntries(Object.entries(attributes).map(([key, bytes]) => [key, new Uint8Array(bytes)])) }),
      }));
      assert.deepEqual(plain, entries);
      for (const entry of read.entries) {
        if (entry.kind === "file")
          assert.deepEqual(new Uint8Array(Buffer.concat(await Array.fromAsync(read.content(entry)))), contents.get(entry.path));
      }
      await read.close();
    }),
    { numRuns: 150 },
  );
});

test("the same names by hand: GNU tar and Python show long and odd names, owners and attributes as they are", async (context) => {
  const folder = temporary(context);
  const root = join(folder, "root");
  const names = ["n".repeat(100), "n".repeat(101), "ü", `${"p".repeat(100)}/${"q".repeat(100)}`, `${"p".repeat(100)}/${"q".repeat(101)}`];
  for (const name of names) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), name);
    chownSync(join(root, name), 4_000_000, 3_000_000);
  }
  const { file } = await writeLayer(await treeOfDirectory(root), {
    file: join(folder, "x.tar"),
    compression: "none",
    modified: 1_700_000_000,
  });
  mkdirSync(join(folder, "unpacked"));
  execFileSync("tar", ["-C", join(folder, "unpacked"), "--same-owner", "-xf", file]);
  assert.deepEqual(
    readdirSync(join(folder, "unpacked"), { recursive: true }).toSorted(),
    readdirSync(root, { recursive: true }).toSorted(),
  );
  const shown = execFileSync("find", [join(folder, "unpacked"), "-type", "f", "-printf", "%U %G %Ts\\n"], { encoding: "utf8" });
  assert.deepEqual(new Set(shown.trim().split("\n")), new Set(["4000000 3000000 1700000000"]));
});

test("refused: sockets, names that no tree can hold, files that change meanwhile; and nothing is left of a layer that failed", async (context) => {
  const folder = temporary(context);
  const root = join(folder, "root");
  mkdirSync(root);
  const server = createServer().listen(join(root, "socket"));
  context.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  await assert.rejects(treeOfDirectory(root), { code: "tree-unreadable", message: /"socket".*it is a socket/ });
  const tree = await treeOfDirectory(root, { filter: (path) => path !== "socket" });
  assert.equal(tree.entries.length, 1);
  for (const path of ["missing", "socket"])
    await assert.rejects(treeOfDirectory(join(root, path)), { code: "tree-unreadable", message: /no folder/ });
  writeFileSync(Buffer.from(`${root}/\xff`, "latin1"), "");
  await assert.rejects(treeOfDirectory(root), { code: "tree-unreadable", message: /not UTF-8/ });
  rmSync(Buffer.from(`${root}/\xff`, "latin1"));
  rmSync(join(root, "socket"));
  writeFileSync(join(root, ".wh.file"), "");
  await assert.rejects(writeLayer(await treeOfDirectory(root), { directory: folder }), { code: "tree-unreadable", message: /whiteouts/ });
  rmSync(join(root, ".wh.file"));
  writeFileSync(join(root, "growing"), "a");
  for (const change of ["", "ab"]) {
    const before = await treeOfDirectory(root);
    writeFileSync(join(root, "growing"), change);
    await assert.rejects(writeLayer(before, { file: join(folder, "layer") }), { code: "tree-unreadable", message: /changed/ });
    assert.deepEqual(readdirSync(folder), ["root"]);
    writeFileSync(join(root, "growing"), "a");
  }
});

test("without getfattr, GNU tar tells the extended attributes", async (context) => {
  const folder = temporary(context);
  const root = exampleRoot(folder);
  const programs = join(folder, "programs");
  mkdirSync(programs);
  symlinkSync("/bin/tar", join(programs, "tar"));
  const program = `import { treeOfDirectory } from "@outrigger/registry";
const { entries } = await treeOfDirectory(process.argv[1]);
console.log(JSON.stringify(entries.filter(({ attributes }) => attributes !== undefined)));`;
  const listed = (path: string): unknown => {
    const options = { cwd: import.meta.dirname, encoding: "utf8", env: { PATH: path } } as const;
    return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", program, root], options));
  };
  const expected = listed(process.env["PATH"] ?? "");
  assert.equal(Array.isArray(expected) && expected.length, 2);
  assert.deepEqual(listed(programs), expected);
});

test("without getfattr and tar a folder is refused, unless attributes may be left out", async (context) => {
  const folder = temporary(context);
  const program = `import { treeOfDirectory } from "@outrigger/registry";
const left = await treeOfDirectory(process.argv[1], { attributes: "leave" });
await treeOfDirectory(process.argv[1]).catch((error) => console.log(left.entries.length, error.code));`;
  const words = ["--input-type=module", "-e", program, folder];
  const shown = execFileSync(process.execPath, words, { cwd: import.meta.dirname, encoding: "utf8", env: { PATH: "/nowhere" } });
  assert.equal(shown.trim(), "1 attributes-tool-missing");
});

test("two tars of small files that are made at the same time don't get each other's contents", async (context) => {
  const root = temporary(context);
  for (let index = 0; index < 60; index += 1) writeFileSync(join(root, String(index)), randomBytes(20_000 + index));
  const tree = await treeOfDirectory(root);
  const digestOfTar = async (): Promise<string> => {
    const hash = createHash("sha256");
    for await (const block of tarBlocks(tree, { blockSize: 4096, modified: 0 })) {
      hash.update(block);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return hash.digest("hex");
  };
  const alone = await digestOfTar();
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 5 }, digestOfTar))), new Set([alone]));
});
