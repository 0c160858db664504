import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readTar, readTarFile, type TarEntry, type TarLimits } from "@outrigger/registry";
import fc from "fast-check";
import { type TarFile, tarOf } from "../../../tests/support/tar-files.ts";

interface Read {
  readonly entry: TarEntry;
  readonly content: string;
}

async function read(tar: Buffer, pieceSize: number = tar.length, limits: Partial<TarLimits> = {}): Promise<readonly Read[]> {
  const found: { entry: TarEntry; content: string }[] = [];
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < tar.length; at += pieceSize) yield tar.subarray(at, at + pieceSize);
  };
  const handlers = {
    entry: (entry: TarEntry): void => {
      found.push({ entry, content: "" });
    },
    data: (piece: Uint8Array): void => {
      const last = found.at(-1);
      if (last !== undefined) last.content += Buffer.from(piece).toString("latin1");
    },
  };
  await readTar(pieces(), handlers, { name: "the test's tar", limits });
  return found;
}

const long = `${"long-folder/".repeat(12)}file`;

for (const format of ["ustar", "gnu", "oldgnu", "posix", "v7"]) {
  test(`what GNU tar writes as ${format} is read as it was`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "tar-reader-"));
    context.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(format === "v7" ? join(folder, "a") : join(folder, "a", dirname(long)), { recursive: true });
    writeFileSync(join(folder, "a/plain"), "content");
    chmodSync(join(folder, "a/plain"), format === "v7" ? 0o755 : 0o4755);
    writeFileSync(join(folder, "a/größe"), "ü");
    linkSync(join(folder, "a/plain"), join(folder, "a/second"));
    symlinkSync("../a/plain", join(folder, "a/symbolic"));
    if (format !== "v7") writeFileSync(join(folder, "a", long), "deep");
    const words = ["--format", format, "--sort=name", "--owner=:5", "--group=:6", "--mtime=@1234567890", "-C", folder, "-cf", "-", "./a"];
    const found = new Map((await read(execFileSync("tar", words))).map(({ entry, content }) => [entry.path, { ...entry, content }]));
    const mode = format === "v7" ? 0o755 : 0o4755;
    const { offset: _, ...plain } = found.get("a/plain") ?? assert.fail("a/plain is missing");
    assert.deepEqual(plain, { path: "a/plain", kind: "file", mode, uid: 5, gid: 6, size: 7, modified: 1234567890, content: "content" });
    assert.equal(found.get("a/größe")?.size, 2);
    assert.deepEqual([found.get("a/second")?.kind, found.get("a/second")?.target], ["hardlink", "a/plain"]);
    assert.deepEqual([found.get("a/symbolic")?.kind, found.get("a/symbolic")?.target], ["symlink", "../a/plain"]);
    if (format !== "v7") assert.equal(found.get(`a/${long}`)?.content, "deep");
  });
}

test("large numbers, attributes and links of other writers are read: base 256, pax of Python and of libarchive", async () => {
  const program = `
import io, sys, tarfile
for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        info = tarfile.TarInfo("x" * 150)
        info.uid, info.gid, info.mtime, info.mode = 3000000000, 3000000001, -5, 0o2755
        if form == tarfile.PAX_FORMAT:
            info.pax_headers = {"LIBARCHIVE.xattr.user.a%3Db": "AQID", "SCHILY.xattr.user.c": "v", "comment": "ignored"}
        tar.addfile(info)
        link = tarfile.TarInfo("l")
        link.type, link.linkname = tarfile.SYMTYPE, "y" * 200
        tar.addfile(link)
    sys.stdout.buffer.write(len(out.getvalue()).to_bytes(4, "big") + out.getvalue())
`;
  const both = execFileSync("python3", ["-c", program]);
  const length = both.readUInt32BE(0);
  for (const tar of [both.subarray(4, 4 + length), both.subarray(8 + length)]) {
    const [file, link] = await read(tar);
    assert.equal(file?.entry.path, "x".repeat(150));
    assert.deepEqual([file.entry.uid, file.entry.gid, file.entry.modified, file.entry.mode], [3_000_000_000, 3_000_000_001, -5, 0o2755]);
    assert.equal(link?.entry.target, "y".repeat(200));
  }
  const [pax] = await read(both.subarray(8 + length));
  assert.deepEqual({ ...pax?.entry.attributes }, { "user.a=b": Buffer.from([1, 2, 3]), "user.c": Buffer.from("v") });
});

test("an archive is read the same however it is cut into pieces", async () => {
  const files = fc.array(
    fc.record({ name: fc.stringMatching(/^[a-z]{1,9}(\/[a-zü]{1,120}){0,2}$/), content: fc.string({ maxLength: 1500 }) }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 3000 }), async (contents, pieceSize) => {
      const tar = await tarOf(contents);
      assert.deepEqual(await read(tar, pieceSize), await read(tar));
    }),
    { numRuns: 60 },
  );
});

test("a tar on disk is read without its contents, with the same entries", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "tar-reader-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const sizes = [0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 200_000, 3];
  const tar = await tarOf(sizes.map((size) => ({ name: `f${size}`, content: Buffer.alloc(size, 1) })));
  const path = join(folder, "x.tar");
  writeFileSync(path, tar);
  const found: TarEntry[] = [];
  readTarFile(path, { entry: (entry) => found.push(entry) }, { name: path });
  assert.deepEqual(
    found,
    (await read(tar)).map(({ entry }) => entry),
  );
  for (const { offset, size } of found)
    assert.ok(
      readFileSync(path)
        .subarray(offset, offset + size)
        .every((byte) => byte === 1),
    );
  truncateSync(path, tar.length - 70_000);
  assert.throws(() => readTarFile(path, { entry: () => {} }, { name: path }), { code: "archive-invalid" });
});

const refusals: Readonly<Record<string, readonly [TarFile, RegExp]>> = {
  "`..`": [{ name: "a/../../etc/passwd" }, /"a\/..\/..\/etc\/passwd": its path has `..`/],
  "an absolute path": [{ name: "/etc/passwd" }, /its path is absolute/],
  "a hard link that leads out": [{ name: "a", type: "link", target: "../outside" }, /it links to "..\/outside", outside the archive/],
  "a control character": [{ name: "a\u001b[2Jb" }, /control characters/],
  "a line feed in a pax path": [{ name: "a", pax: { path: "a\nb" } }, /control characters/],
  "a link to nothing": [{ name: "a", type: "symlink", target: "" }, /a link without a target/],
  "a negative size": [{ name: "a", pax: { size: "-1" } }, /no number as size/],
  "a size that is no number": [{ name: "a", pax: { size: "0x10" } }, /no number as size/],
  "a sparse file of GNU tar in pax": [{ name: "a", pax: { "GNU.sparse.major": "1" } }, /sparse/],
  "a folder with content": [{ name: "a/", type: "directory", pax: { size: "512" } }, /it has content, but is no file/],
};

for (const [what, [file, reason]] of Object.entries(refusals)) {
  test(`refused: ${what}, naming archive and entry`, async () => {
    await assert.rejects(read(await tarOf([file])), (error: Error & { readonly code?: string }) => {
      assert.equal(error.code, "archive-invalid");
      assert.match(error.message, /^the test's tar can't be read, at "/);
      assert.match(error.message, reason);
      return true;
    });
  });
}

/** The tar of one file with some bytes of its header changed, and its checksum made right again. */
async function patched(at: number, bytes: string): Promise<Buffer> {
  const tar = await tarOf([{ name: "name", content: "content" }]);
  tar.write(bytes, at, "latin1");
  tar.fill(32, 148, 156);
  tar.write(
    `${tar
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
    "latin1",
  );
  return tar;
}

test("refused: names that are not UTF-8, unknown types, sparse files, volumes, negative and wrong numbers", async () => {
  const rejects = async (at: number, bytes: string, reason: RegExp): Promise<void> => {
    await assert.rejects(read(await patched(at, bytes)), { code: "archive-invalid", message: reason });
  };
  await rejects(0, "\xff\xfe", /not UTF-8/);
  await rejects(156, "Q", /unknown type "Q"/);
  await rejects(156, "S", /sparse/);
  await rejects(156, "M", /another volume/);
  await rejects(124, `\xff${"\xff".repeat(11)}`, /negative size/);
  await rejects(124, "12345678 12\0", /no number as size/);
  await rejects(124, `\x80${"\xff".repeat(11)}`, /no number as size/);
});

test("refused: a wrong checksum, a truncated archive at every length, and anything behind the end", async () => {
  const tar = await tarOf([{ name: "a", content: "content" }, { name: "b" }]);
  const damaged = Buffer.from(tar);
  damaged[3] = 1;
  await assert.rejects(read(damaged), { code: "archive-invalid", message: /checksum/ });
  const end = tar.length - 1024;
  for (let length = 0; length < end + 1024; length += 256) {
    await assert.rejects(read(tar.subarray(0, length)), { code: "archive-invalid", message: /truncated/ }, String(length));
  }
  await assert.rejects(read(Buffer.concat([tar, Buffer.from("more")])), { code: "archive-invalid", message: /behind its end/ });
  await assert.rejects(read(Buffer.concat([tar.subarray(0, end + 512), tar])), { code: "archive-invalid", message: /behind its end/ });
  assert.equal((await read(Buffer.concat([tar, Buffer.alloc(10_240 - 512)]))).length, 2);
});

test("limits of entries, size, path and header are kept before memory or disk is used", async () => {
  const many = await tarOf(Array.from({ length: 11 }, (_, index) => ({ name: `f${index}` })));
  await assert.rejects(read(many, many.length, { entries: 10 }), { code: "archive-too-large", message: /more than 10 entries/ });
  const large = await tarOf([{ name: "a", content: "x", pax: { size: String(2 ** 50) } }]);
  await assert.rejects(read(large, large.length), { code: "archive-too-large" });
  const deep = await tarOf([{ name: `${"d/".repeat(3000)}f` }]);
  await assert.rejects(read(deep), { code: "archive-too-large", message: /a path of more than 4096 bytes/ });
  const header = await tarOf([{ name: "a", pax: { comment: "x".repeat(2 ** 20) } }]);
  await assert.rejects(read(header), { code: "archive-too-large", message: /extended header/ });
});

test("any bytes at all are read or refused with an error of ours, never with another", async () => {
  const tar = await tarOf([
    { name: "a", content: "content" },
    { name: "b".repeat(200), type: "directory" },
    { name: "c", type: "symlink", target: "a" },
  ]);
  const change = fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(change, fc.boolean(), async (changes, mended) => {
      const changed = Buffer.from(tar);
      for (const [at, byte] of changes) changed[at] = byte;
      if (mended) {
        changed.fill(32, 148, 156);
        changed.write(
          `${changed
            .subarray(0, 512)
            .reduce((sum, byte) => sum + byte, 0)
            .toString(8)
            .padStart(6, "0")}\0 `,
          148,
          "latin1",
        );
      }
      await read(changed).catch((error: { readonly code?: string }) =>
        assert.match(error.code ?? String(error), /^archive-(invalid|too-large)$/),
      );
    }),
    { numRuns: 500 },
  );
});
