import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  copyContent,
  type Descriptor,
  generateKeyFiles,
  type Key,
  keyAnnotation,
  type Layout,
  mediaTypes,
  openLayout,
  openRepository,
  readPublicKey,
  readSigningKey,
  readTrustPolicy,
  requireTrusted,
  signatureArtifactType,
  signaturePayloadType,
  signPackage,
  valueAnnotation,
  verifySignatures,
  writeManifestBytes,
} from "@outrigger/registry";
import { blobOf, imageOf, writeImage } from "../../../tests/support/content.ts";
import { startRegistry } from "../../../tests/support/registry.ts";

interface Setting {
  readonly folder: string;
  readonly layout: Layout;
  readonly signed: Descriptor;
  readonly other: Descriptor;
  readonly key: Key;
  readonly accepted: Key;
}

/** Two packages in a layout and a key; nothing is signed yet. */
async function setting(context: TestContext): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-signing-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const layout = await openLayout(join(folder, "layout"), { create: true });
  const [one, other] = [imageOf([10]), imageOf([20])];
  await writeImage(layout, one, "one");
  await writeImage(layout, other, "other");
  await generateKeyFiles(join(folder, "key"));
  const [key, accepted] = [await readSigningKey(join(folder, "key")), await readPublicKey(join(folder, "key.pub"))];
  return { folder, layout, signed: one.manifest.descriptor, other: other.manifest.descriptor, key, accepted };
}

/** A signature put together by hand. */
async function forge(layout: Layout, subject: Descriptor, payload: Buffer, value: Buffer, fingerprint = "sha256:0"): Promise<void> {
  const config = blobOf(Buffer.from("{}"), mediaTypes.empty);
  const layer = blobOf(payload, signaturePayloadType);
  for (const { descriptor, content } of [config, layer]) await layout.writeBlob(descriptor, content);
  await layout.writeManifest(
    writeManifestBytes({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: signatureArtifactType,
      config: config.descriptor,
      layers: [{ ...layer.descriptor, annotations: { [valueAnnotation]: value.toString("base64"), [keyAnnotation]: fingerprint } }],
      subject,
    }),
  );
}

function payloadOf({ digest, size, mediaType }: Descriptor, more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ type: signatureArtifactType, digest, size, mediaType, ...more }));
}

test("what is signed is verified by its key, also after it went through a registry and back", async (context) => {
  const { folder, layout, signed, key, accepted } = await setting(context);
  const first = await signPackage(layout, { reference: "one", key, name: "docker.io/tools/one" });
  assert.deepEqual(
    await signPackage(layout, { reference: "one", key, name: "docker.io/tools/one" }),
    first,
    "signing again changes nothing",
  );
  const { host } = await startRegistry(context);
  const repository = openRepository({ registry: host, repository: "tools/one" }, { findCredentials: async () => undefined });
  context.after(() => repository.close());
  await copyContent(layout, "one", repository, "1.0");
  const back = await openLayout(join(folder, "back"), { create: true });
  await copyContent(repository, "1.0", back, "one");
  for (const place of [layout, repository, back]) {
    const [signature, ...more] = await verifySignatures(place, signed, [accepted], "one");
    assert.equal(more.length, 0);
    assert.deepEqual(
      [signature?.fingerprint, signature?.digest, signature?.payload.reference],
      [key.fingerprint, first.digest, "docker.io/tools/one"],
    );
  }
});

test("signatures that are not of this, not by this key, or not whole count for nothing", async (context) => {
  const { layout, signed, other, key, accepted } = await setting(context);
  const refused = (pattern: RegExp, keys: readonly Key[] = [accepted], descriptor = signed): Promise<void> =>
    assert.rejects(verifySignatures(layout, descriptor, keys, "one"), { code: "signature-missing", message: pattern });
  const right = payloadOf(signed);
  const byKey = (payload: Buffer): Buffer => sign(null, payload, key.key);
  await refused(/there is none at all/);

  const stranger = generateKeyPairSync("ed25519");
  await forge(layout, signed, right, sign(null, right, stranger.privateKey), key.fingerprint);
  await refused(/by another key, or altered/);
  await refused(/by another key/, []);
  await forge(layout, signed, right, Buffer.alloc(64));
  await forge(layout, signed, right, Buffer.from("short"));
  await refused(/by another key, or altered/);

  // Rightly signed, but of another package, another size, another type, or with more in it than is understood.
  for (const payload of [
    payloadOf(other),
    payloadOf({ ...signed, size: signed.size + 1 }),
    payloadOf({ ...signed, mediaType: mediaTypes.ociIndex }),
    payloadOf(signed, { unknown: true }),
    Buffer.concat([right, Buffer.from(" ")]),
    Buffer.from(JSON.stringify({ digest: signed.digest, size: signed.size, mediaType: signed.mediaType })),
  ])
    await forge(layout, signed, payload, byKey(payload));
  await refused(/of something else/);
  await refused(/another form/);

  // A right signature, altered in one byte.
  const altered = Buffer.from(right.toString().replace("sha256", "sha257"));
  await forge(layout, signed, altered, byKey(right));
  await refused(/altered/);

  await signPackage(layout, { reference: "other", key });
  await refused(/another key/);
  await signPackage(layout, { reference: "one", key });
  assert.equal((await verifySignatures(layout, signed, [accepted], "one")).length, 1, "a right one counts beside all these");
});

test("an index's signature is of the index alone, and a manifest's not of the index that names it", async (context) => {
  const { layout, signed, key, accepted } = await setting(context);
  const index = writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [signed] });
  await layout.writeManifest(index, "index");
  await signPackage(layout, { reference: "one", key });
  await assert.rejects(verifySignatures(layout, index.descriptor, [accepted], "index"), { code: "signature-missing" });
  await signPackage(layout, { reference: "index", key });
  const [found] = await verifySignatures(layout, index.descriptor, [accepted], "index");
  assert.equal(found?.payload.mediaType, mediaTypes.ociIndex);
});

test("the policy: the first rule for a name decides, signatures are asked for where it says so, and what it pins is a digest", async (context) => {
  const { folder, layout, signed, key } = await setting(context);
  const file = join(folder, "trust.yaml");
  writeFileSync(
    file,
    `apiVersion: outrigger.dev/v1
kind: TrustPolicy
default: refuse
rules:
  - { name: registry.example/tools/open, require: nothing }
  - { name: registry.example/tools/*, require: signature, keys: [key.pub] }
  - { name: "**/mirror", require: nothing }
`,
  );
  const policy = await readTrustPolicy({ OUTRIGGER_TRUST: file });
  const ask = (repository: string): ReturnType<typeof requireTrusted> =>
    requireTrusted(layout, "one", { registry: "registry.example", repository }, policy);
  assert.deepEqual(await ask("tools/open"), { descriptor: signed, signatures: [] });
  assert.deepEqual((await ask("a/b/mirror")).signatures, []);
  await assert.rejects(ask("tools/log"), { code: "signature-missing" });
  for (const name of ["tools/deep/log", "other/log", "tools"]) await assert.rejects(ask(name), { code: "package-untrusted" });
  await signPackage(layout, { reference: "one", key });
  assert.equal((await ask("tools/log")).signatures.length, 1);
  rmSync(join(folder, "key.pub"));
  await assert.rejects(ask("tools/log"), { code: "key-unusable" });
});

test("a policy that is missing or not understood closes the way", async (context) => {
  const { folder } = await setting(context);
  const file = join(folder, "trust.yaml");
  await assert.rejects(readTrustPolicy({ OUTRIGGER_TRUST: file }), { code: "trust-policy-unreadable" });
  const head = "apiVersion: outrigger.dev/v1\nkind: TrustPolicy\n";
  for (const text of [
    `${head}defualt: refuse\n`,
    `${head}rules: [{ name: a/b, require: signature }]\n`,
    `${head}rules: [{ name: a/b, require: nothing, keys: [x] }]\n`,
    `${head}rules: [{ name: A/b, require: nothing }]\n`,
    `${head}rules: [{ name: a/b, require: signatures, keys: [x] }]\n`,
    "[]",
    "",
  ]) {
    writeFileSync(file, text);
    await assert.rejects(readTrustPolicy({ OUTRIGGER_TRUST: file }), { code: "manifest-invalid" }, text);
  }
  const none = await readTrustPolicy({ XDG_CONFIG_HOME: join(folder, "none") });
  assert.deepEqual([none.default, none.rules], ["allow", []]);
});

test("keys: made once, private, and no others are taken", async (context) => {
  const { folder, key, accepted } = await setting(context);
  assert.equal(statSync(join(folder, "key")).mode & 0o777, 0o600);
  assert.equal(key.fingerprint, accepted.fingerprint);
  assert.equal((await readPublicKey(join(folder, "key"))).fingerprint, key.fingerprint);
  await assert.rejects(generateKeyFiles(join(folder, "key")), { code: "key-unusable" });
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(folder, "rsa"), rsa.privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(
    join(folder, "locked"),
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
  );
  writeFileSync(join(folder, "text"), "hush-hush");
  for (const [name, reason] of [
    ["rsa", /of the kind rsa/],
    ["locked", /encrypted/],
    ["text", /no such key/],
    ["none", /ENOENT/],
  ] as const)
    await assert.rejects(readSigningKey(join(folder, name)), { code: "key-unusable", message: reason });
  await assert.rejects(readSigningKey(join(folder, "key.pub")), { code: "key-unusable" });
});
