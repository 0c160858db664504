import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  copyContent,
  digestOf,
  mediaTypes,
  openLayout,
  openRepository,
  type RegistryOptions,
  type Repository,
  writeManifestBytes,
} from "@outrigger/registry";
import { blobOf, bytesOf, imageOf, writeImage } from "../../../tests/support/content.ts";
import { faultyProxy } from "../../../tests/support/faulty-proxy.ts";
import { startRegistry } from "../../../tests/support/registry.ts";
import { execute } from "../../../tests/support/sandbox.ts";

function repository(context: TestContext, host: string, name: string, options: RegistryOptions = {}): Repository {
  const opened = openRepository({ registry: host, repository: name }, { findCredentials: async () => undefined, ...options });
  context.after(() => opened.close());
  return opened;
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-client-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("what is pushed to a registry is pulled with the same digest and bytes, by tag and by digest", async (context) => {
  const { host } = await startRegistry(context);
  const tools = repository(context, host, "tools/log");
  const image = imageOf([300_000, 1, 0]);
  await writeImage(tools, image, "1.0");
  for (const reference of ["1.0", image.manifest.descriptor.digest]) {
    const found = await tools.manifest(reference);
    assert.deepEqual(found.descriptor, image.manifest.descriptor);
    assert.deepEqual(Buffer.from(found.bytes), Buffer.from(image.manifest.bytes));
  }
  for (const { descriptor, bytes } of image.blobs) assert.ok((await bytesOf(tools.blob(descriptor))).equals(bytes));
  assert.deepEqual(await tools.tags(), ["1.0"]);
  await assert.rejects(tools.manifest("2.0"), { code: "manifest-unknown" });
  await assert.rejects(bytesOf(tools.blob(blobOf(randomBytes(5)).descriptor)), { code: "content-unknown" });
  await tools.deleteManifest(image.manifest.descriptor.digest);
  await assert.rejects(tools.manifest("1.0"), { code: "manifest-unknown" });
});

test("a blob goes in pieces where pieces are asked for, and arrives whole", async (context) => {
  const { host } = await startRegistry(context);
  const tools = repository(context, host, "tools/pieces", { chunkSize: 70_001 });
  const blob = blobOf(randomBytes(1_000_000));
  let readings = 0;
  await tools.writeBlob(blob.descriptor, () => {
    readings += 1;
    return blob.content();
  });
  assert.equal(readings, 1, "the content is read once, whatever the number of pieces");
  assert.ok((await bytesOf(tools.blob(blob.descriptor))).equals(blob.bytes));
});

test("what is there is not sent again, and between repositories of one registry nothing is sent at all", async (context) => {
  const { host } = await startRegistry(context);
  const [one, other] = [repository(context, host, "tools/one"), repository(context, host, "tools/other")];
  const image = imageOf([200_000]);
  await writeImage(one, image, "1.0");
  for (const { descriptor } of image.blobs)
    await one.writeBlob(descriptor, () => {
      throw new TypeError("the content was asked for");
    });
  const states: string[] = [];
  await copyContent(one, "1.0", other, "2.0", { progress: ({ state }) => states.push(state) });
  assert.deepEqual(states, ["mounted", "mounted"]);
  assert.equal((await other.manifest("2.0")).descriptor.digest, image.manifest.descriptor.digest);
});

test("tags are read over all pages, but not from elsewhere and not for ever", async (context) => {
  const { host } = await startRegistry(context);
  const image = imageOf([10]);
  const straight = repository(context, host, "tools/many");
  await writeImage(straight, image, "t0");
  await straight.writeManifest(image.manifest, "t1");
  assert.deepEqual(await straight.tags(), ["t0", "t1"]);
  await assert.rejects(repository(context, host, "tools/none").tags(), { code: "manifest-unknown" });

  const pages: Readonly<Record<string, readonly [tags: readonly string[], next: string]>> = {
    "": [["a", "b"], '</v2/tools/many/tags/list?last=b>; rel="next"'],
    "?last=b": [["c"], "<list?last=c>; rel=next"],
    "?last=c": [["d"], '<https://elsewhere.example/v2/>; rel="next"'],
    "?last=x": [["x"], '<?last=x>; rel="next"'],
  };
  let first = "";
  const proxy = await faultyProxy(context, host, ({ url }) => {
    const [tags = [], next = ""] = pages[url.replace(/^[^?]*/, "") || first] ?? [];
    return url.includes("/tags/")
      ? { status: 200, headers: { link: next }, body: JSON.stringify({ name: "tools/many", tags }) }
      : undefined;
  });
  const paged = repository(context, proxy.host, "tools/many");
  assert.deepEqual(await paged.tags(), ["a", "b", "c", "d"]);
  first = "?last=x";
  assert.deepEqual(await paged.tags(), ["x"]);
});

test("referrers are kept under the tag of their subject where the registry has no API for them, and are copied along", async (context) => {
  const { host } = await startRegistry(context);
  const tools = repository(context, host, "tools/signed");
  const image = imageOf([10]);
  await writeImage(tools, image, "1.0");
  const note = blobOf(Buffer.from("{}"), mediaTypes.empty);
  await tools.writeBlob(note.descriptor, note.content);
  const referrers = ["one", "other"].map((kind) =>
    writeManifestBytes({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: `application/vnd.test.${kind}`,
      config: note.descriptor,
      layers: [note.descriptor],
      subject: image.manifest.descriptor,
    }),
  );
  for (const referrer of [...referrers, ...referrers]) await tools.writeManifest(referrer);
  const { digest } = image.manifest.descriptor;
  assert.deepEqual(
    (await tools.referrers(digest)).map((each) => each.digest),
    referrers.map(({ descriptor }) => descriptor.digest),
  );
  assert.equal((await tools.referrers(digest, "application/vnd.test.other")).length, 1);
  assert.equal((await tools.referrers(digestOf("nothing"))).length, 0);
  assert.equal((await tools.manifest(digest.replace(":", "-"))).descriptor.mediaType, mediaTypes.ociIndex);

  const layout = await openLayout(join(folderOf(context), "layout"), { create: true });
  await copyContent(tools, "1.0", layout, "copy");
  assert.equal((await layout.referrers(digest)).length, 2);
  const back = repository(context, host, "tools/again");
  await copyContent(layout, "copy", back, "1.0");
  assert.equal((await back.referrers(digest, "application/vnd.test.one")).length, 1);
});

test("an index is copied with all its manifests, and skopeo reads what we wrote", async (context) => {
  const { host } = await startRegistry(context);
  const tools = repository(context, host, "tools/index");
  const images = ["amd64", "arm64"].map((architecture) => ({ architecture, image: imageOf([1000], { os: "linux", architecture }) }));
  for (const { image } of images) await writeImage(tools, image);
  const index = writeManifestBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: images.map(({ architecture, image }) => ({ ...image.manifest.descriptor, platform: { os: "linux", architecture } })),
  });
  await tools.writeManifest(index, "1.0");
  const folder = folderOf(context);
  const layout = await openLayout(join(folder, "ours"), { create: true });
  assert.equal((await copyContent(tools, "1.0", layout, "1.0")).digest, index.descriptor.digest);
  for (const { image } of images) for (const { descriptor } of image.blobs) assert.equal(await layout.has(descriptor), true);

  const copied = await execute(
    "skopeo",
    ["copy", "--all", "--preserve-digests", "--src-tls-verify=false", `docker://${host}/tools/index:1.0`, `oci:${folder}/theirs:1.0`],
    folder,
  );
  assert.equal(copied.code, 0, copied.stderr);
  assert.equal((await (await openLayout(join(folder, "theirs"))).manifest("1.0")).descriptor.digest, index.descriptor.digest);
  const back = await execute(
    "skopeo",
    ["copy", "--all", "--preserve-digests", "--dest-tls-verify=false", `oci:${folder}/ours:1.0`, `docker://${host}/tools/back:1.0`],
    folder,
  );
  assert.equal(back.code, 0, back.stderr);
  assert.equal((await repository(context, host, "tools/back").manifest("1.0")).descriptor.digest, index.descriptor.digest);
});

test("a registry that is not there, a name that is none", async (context) => {
  const quick = { retries: 1, backOff: { first: 1, most: 1, atOnce: false } };
  await assert.rejects(repository(context, "127.0.0.1:1", "tools/log", quick).manifest("1.0"), {
    code: "registry-unreachable",
    message: /127\.0\.0\.1:1 .*nothing listens there/,
  });
  const ended = AbortSignal.abort();
  await assert.rejects(repository(context, "127.0.0.1:1", "tools/log", { signal: ended }).manifest("1.0"), { name: "AbortError" });
});

test("a transfer ends when its signal says so, in either direction, and without another attempt", async (context) => {
  const { host } = await startRegistry(context);
  const proxy = await faultyProxy(context, host, () => undefined);
  const blob = blobOf(randomBytes(3_000_000));
  const asked = (): number => proxy.seen.filter(({ method, url }) => method !== "HEAD" && url.includes("/blobs/")).length;

  const sending = new AbortController();
  const content = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of blob.content()) {
      yield piece;
      sending.abort();
    }
  };
  await assert.rejects(repository(context, proxy.host, "tools/ended", { signal: sending.signal }).writeBlob(blob.descriptor, content), {
    name: "AbortError",
  });
  const straight = repository(context, host, "tools/ended");
  assert.equal(await straight.has(blob.descriptor), false);
  await straight.writeBlob(blob.descriptor, blob.content);

  const before = asked();
  const reading = new AbortController();
  const read = async (): Promise<void> => {
    for await (const _ of repository(context, proxy.host, "tools/ended", { signal: reading.signal }).blob(blob.descriptor)) reading.abort();
  };
  await assert.rejects(read(), { name: "AbortError" });
  assert.equal(asked(), before + 1);
});
