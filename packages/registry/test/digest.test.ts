import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ContentSource,
  type ContentTarget,
  checkedContent,
  choosePlatform,
  copyContent,
  digestOf,
  type Index,
  mediaTypes,
} from "@outrigger/registry";
import fc from "fast-check";
import { bytesOf, imageOf } from "../../../tests/support/content.ts";

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

test("checked content comes whole in any pieces, and with any byte changed, added or missing its last piece does not come", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.array(fc.nat(100), { maxLength: 8 }),
      fc.nat(),
      async (bytes, sizes, where) => {
        const descriptor = { digest: digestOf(bytes), size: bytes.length };
        assert.deepEqual(new Uint8Array(await bytesOf(checkedContent("here", descriptor, inPieces(bytes, sizes)))), bytes);
        const at = where % bytes.length;
        const changed = bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
        for (const wrong of [changed, bytes.subarray(0, -1), Uint8Array.of(...bytes, 0)]) {
          let passed = 0;
          const read = async (): Promise<void> => {
            for await (const piece of checkedContent("here", descriptor, inPieces(wrong, sizes))) passed += piece.length;
          };
          await assert.rejects(read(), { code: "digest-wrong" });
          assert.ok(passed < bytes.length);
        }
      },
    ),
  );
});

test("content that is checked for one digest is checked again for another", async () => {
  const bytes = Buffer.from("one");
  const once = checkedContent("here", { digest: digestOf(bytes), size: 3 }, inPieces(bytes, []));
  await assert.rejects(bytesOf(checkedContent("there", { digest: digestOf("two"), size: 3 }, once)), { code: "digest-wrong" });
});

test("a source that lies is found out by copying, whatever the target checks, and a failure ends the other transfers", async () => {
  const image = imageOf([200_000, 200_000, 200_000]);
  const [, bad] = image.blobs;
  const source: ContentSource = {
    name: "liar",
    manifest: async () => image.manifest,
    blob: ({ digest }) => {
      const blob = image.blobs.find(({ descriptor }) => descriptor.digest === digest) ?? assert.fail();
      return blob === bad ? inPieces(Buffer.from("something else"), []) : blob.content();
    },
  };
  const written: string[] = [];
  const target: ContentTarget = {
    name: "trusting",
    has: async () => false,
    writeBlob: async ({ digest }, content) => {
      await bytesOf(content());
      written.push(digest);
    },
    writeManifest: async ({ descriptor }) => void written.push(descriptor.digest),
  };
  await assert.rejects(copyContent(source, "1.0", target, "1.0"), { code: "digest-wrong" });
  assert.ok(!written.includes(bad?.descriptor.digest ?? "") && !written.includes(image.manifest.descriptor.digest));
});

test("an index's manifest is chosen by system and architecture, then by variant", () => {
  const manifest = (architecture: string, variant?: string): Index["manifests"][number] => ({
    mediaType: mediaTypes.ociManifest,
    digest: digestOf(`${architecture}${variant}`),
    size: 1,
    platform: { os: "linux", architecture, ...(variant === undefined ? {} : { variant }) },
  });
  const [amd64, plain, v6, v7] = [manifest("amd64"), manifest("arm64"), manifest("arm", "v6"), manifest("arm", "v7")];
  const index: Index = {
    schemaVersion: 2,
    manifests: [{ mediaType: mediaTypes.ociManifest, digest: digestOf("none"), size: 1 }, amd64, v6, v7, plain],
  };
  const choose = (architecture: string, variant?: string): unknown =>
    choosePlatform(index, { os: "linux", architecture, ...(variant === undefined ? {} : { variant }) });
  assert.deepEqual(
    [choose("amd64"), choose("arm64", "v8"), choose("arm", "v7"), choose("arm"), choose("s390x")],
    [amd64, plain, v7, v6, undefined],
  );
  assert.equal(choosePlatform(index, { os: "windows", architecture: "amd64" }), undefined);
});
