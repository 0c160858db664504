import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Layout, mediaTypes, openLayout, writeManifestBytes } from "@outrigger/registry";
import { blobOf, bytesOf, imageOf, writeImage } from "../../../tests/support/content.ts";

async function layout(context: TestContext): Promise<Layout> {
  return openLayout(folderOf(context), { create: true });
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-layout-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a layout keeps what is written to it, under names that can be moved and taken away", async (context) => {
  const store = await layout(context);
  const [one, other] = [imageOf([100_000, 0]), imageOf([50])];
  await writeImage(store, one, "docker.io/tools/log:1.0");
  await writeImage(store, one, "docker.io/tools/log:latest");
  await writeImage(store, other, "docker.io/tools/log:latest");
  const again = await openLayout(store.directory);
  assert.deepEqual(
    (await again.list()).map(({ name, descriptor }) => [name, descriptor.digest]),
    [
      ["docker.io/tools/log:1.0", one.manifest.descriptor.digest],
      ["docker.io/tools/log:latest", other.manifest.descriptor.digest],
    ],
  );
  for (const { descriptor, bytes } of one.blobs) assert.ok((await bytesOf(again.blob(descriptor))).equals(bytes));
  assert.equal((await again.manifest(one.manifest.descriptor.digest)).descriptor.digest, one.manifest.descriptor.digest);
  await again.remove("docker.io/tools/log:latest");
  await assert.rejects(again.remove("docker.io/tools/log:latest"), { code: "manifest-unknown" });
  await assert.rejects(again.manifest("docker.io/tools/log:latest"), { code: "manifest-unknown" });
  assert.equal((await again.manifest("docker.io/tools/log:1.0")).descriptor.digest, one.manifest.descriptor.digest);
});

test("pruning frees what no name leads to, with its signatures, but nothing that has just been written or found", async (context) => {
  const store = await layout(context);
  const [kept, gone] = [imageOf([1000]), imageOf([2000])];
  const note = blobOf(Buffer.from("{}"), mediaTypes.empty);
  await store.writeBlob(note.descriptor, note.content);
  for (const image of [kept, gone]) {
    await writeImage(store, image, `name:${image.blobs[1]?.bytes.length}`);
    await store.writeManifest(
      writeManifestBytes({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        artifactType: "a/b",
        config: note.descriptor,
        layers: [],
        subject: image.manifest.descriptor,
      }),
    );
  }
  await store.remove("name:2000");
  const sha = join(store.directory, "blobs", "sha256");
  const written = (time: number): void => {
    for (const name of readdirSync(sha)) utimesSync(join(sha, name), time, time);
  };
  written(0);
  assert.equal(await store.prune(60_000, [gone.manifest.descriptor.digest, `sha256:${"0".repeat(64)}`]), 0, "what is to be kept stays");
  assert.equal((await store.referrers(gone.manifest.descriptor.digest, "a/b")).length, 1);
  written(Date.now() / 1000);
  assert.equal(await store.prune(), 0, "what is young stays");
  written(0);
  const found = gone.blobs[1];
  assert.ok(found !== undefined && (await store.has(found.descriptor)));
  assert.ok((await store.prune(60_000)) > 0);
  assert.equal(await store.has(found.descriptor), true, "what a writer relies on stays");
  assert.deepEqual(await store.referrers(gone.manifest.descriptor.digest), []);
  assert.equal((await store.referrers(kept.manifest.descriptor.digest, "a/b")).length, 1);
  assert.equal((await store.manifest("name:1000")).descriptor.digest, kept.manifest.descriptor.digest);
  for (const { descriptor } of kept.blobs) assert.equal(await store.has(descriptor), true);
});

test("processes that change one layout at once lose nothing of each other", async (context) => {
  const store = await layout(context);
  const writer = `
    const { openLayout, mediaTypes, writeManifestBytes, digestOf } = await import("@outrigger/registry");
    const layout = await openLayout(process.argv[1]);
    const bytes = Buffer.from("{}");
    const empty = { mediaType: mediaTypes.empty, digest: digestOf(bytes), size: 2 };
    await layout.writeBlob(empty, async function* () { yield bytes; });
    for (let index = 0; index < 10; index += 1) {
      const annotations = { who: process.argv[2], index: String(index) };
      await layout.writeManifest(writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: empty, layers: [], annotations }), process.argv[2] + index);
    }`;
  const run = (who: string): Promise<number | null> =>
    new Promise((done) =>
      spawn(process.execPath, ["--input-type=module", "-e", writer, store.directory, who], {
        cwd: import.meta.dirname,
        stdio: ["ignore", "ignore", "inherit"],
      }).once("close", done),
    );
  assert.deepEqual(await Promise.all(["a", "b", "c"].map(run)), [0, 0, 0]);
  assert.equal((await store.list()).length, 30);
  assert.deepEqual(readdirSync(store.directory).toSorted(), ["blobs", "incoming", "index.json", "index.lock", "oci-layout"]);
  assert.deepEqual(readdirSync(join(store.directory, "incoming")), []);
});

test("content that is wrong, or does not come to its end, leaves nothing behind", async (context) => {
  const store = await layout(context);
  const [said, other] = [blobOf(randomBytes(90_000)), blobOf(randomBytes(90_000))];
  await assert.rejects(store.writeBlob(said.descriptor, other.content), { code: "digest-wrong" });
  const cut = async function* (): AsyncGenerator<Uint8Array> {
    yield said.bytes.subarray(0, 1000);
    throw new TypeError("cut");
  };
  await assert.rejects(store.writeBlob(said.descriptor, cut), /cut/);
  assert.equal(await store.has(said.descriptor), false);
  assert.deepEqual(readdirSync(join(store.directory, "blobs", "sha256")), []);
  assert.deepEqual(readdirSync(join(store.directory, "incoming")), []);
  const image = imageOf([10]);
  await assert.rejects(store.writeManifest(image.manifest, "early"), { code: "content-unknown" });
  assert.deepEqual(await store.list(), []);
});

test("hostile layouts: digests that are paths, links, an index that is too large, damaged blobs, another version", async (context) => {
  const store = await layout(context);
  const image = imageOf([1000]);
  await writeImage(store, image, "1.0");
  const file = (...parts: readonly string[]): string => join(store.directory, ...parts);
  const index = readFileSync(file("index.json"), "utf8");
  const withIndex = async (text: string, code: string): Promise<void> => {
    writeFileSync(file("index.json"), text);
    await assert.rejects(store.manifest("1.0"), { code });
    writeFileSync(file("index.json"), index);
  };
  await withIndex(index.replace(/sha256:[0-9a-f]{64}/, "sha256:../../../../etc/passwd"), "layout-wrong");
  await withIndex(index.padEnd(5 << 20), "layout-wrong");
  await withIndex("[]", "layout-wrong");
  await withIndex("{", "layout-wrong");
  const path = { mediaType: "a/b", digest: "sha256:../../index.json", size: 1 };
  await assert.rejects(bytesOf(store.blob(path)), { code: "layout-wrong" });
  await assert.rejects(
    store.writeBlob(path, () => image.blobs[0]?.content() ?? assert.fail()),
    { code: "layout-wrong" },
  );

  const layer = image.blobs[1] ?? assert.fail();
  const place = file("blobs", "sha256", layer.descriptor.digest.slice(7));
  writeFileSync(place, randomBytes(1000));
  await assert.rejects(bytesOf(store.blob(layer.descriptor)), { code: "digest-wrong" });
  rmSync(place);
  writeFileSync(file("elsewhere"), layer.bytes);
  symlinkSync(file("elsewhere"), place);
  await assert.rejects(bytesOf(store.blob(layer.descriptor)), { code: "content-unknown" });
  rmSync(file("index.json"));
  symlinkSync("/etc/passwd", file("index.json"));
  await assert.rejects(store.manifest("1.0"), { code: "layout-wrong" });
  writeFileSync(file("oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
  await assert.rejects(openLayout(store.directory), { code: "layout-wrong" });
  mkdirSync(file("empty"));
  await assert.rejects(openLayout(file("empty")), { code: "layout-missing" });
});
