import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  copyContent,
  describePackage,
  digestOf,
  familiarName,
  generateKeyFiles,
  type Layout,
  mediaTypes,
  openLayoutArchive,
  openStore,
  packageName,
  packagesFolder,
  packFolder,
  pluginArtifactType,
  pluginConfigType,
  readSigningKey,
  saveArchive,
  signPackage,
  unpackPackage,
  writeManifestBytes,
} from "@outrigger/registry";
import { blobOf, imageOf, writeImage } from "../../../tests/support/content.ts";

const manifestText = `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: watcher, version: 1.2.0, description: Watches. }
spec:
  layer: pod
  pod: { type: general, source: { dockerfile: {} }, resources: { memory: 16Mi, cpu: 100m } }
`;

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-packages-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const sources = {
  "plugin.yaml": manifestText,
  Dockerfile: "FROM scratch\n",
  "bin/run": "#!/bin/sh\n",
  "notes/a.txt": "same",
  ".dockerignore": "*.log\ncache\n",
};

async function store(context: TestContext): Promise<Layout> {
  return openStore(join(folderOf(context), "store"));
}

/** A package put together by hand. */
async function forged(
  target: Layout,
  {
    config = JSON.parse(JSON.stringify(plugin)),
    layers = [gzipSync(tar({ "plugin.yaml": manifestText }))],
    layerType = mediaTypes.ociLayerGzip as string,
  } = {},
): Promise<string> {
  const blobs = [
    blobOf(Buffer.from(JSON.stringify(config)), pluginConfigType),
    ...layers.map((bytes) => blobOf(Buffer.from(bytes), layerType)),
  ];
  for (const { descriptor, content } of blobs) await target.writeBlob(descriptor, content);
  const [configuration, ...rest] = blobs.map(({ descriptor }) => descriptor);
  const manifest = writeManifestBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: pluginArtifactType,
    config: configuration ?? assert.fail(),
    layers: rest,
  });
  await target.writeManifest(manifest, "forged");
  return "forged";
}

let plugin: unknown;

function tar(files: Readonly<Record<string, string>>, ...words: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-tar-"));
  try {
    write(folder, files);
    if (words.includes("link")) symlinkSync("/etc/passwd", join(folder, "link"));
    return execFileSync("tar", ["-c", "-C", folder, "."]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a folder packs to the same digest wherever it lies, whenever its files were written, and whoever linked them", async (context) => {
  const [one, other] = [
    write(folderOf(context), sources),
    write(folderOf(context), { ...sources, "a.log": "ignored", "cache/x": "ignored", ".git/HEAD": "ignored" }),
  ];
  rmSync(join(other, "notes/a.txt"));
  write(other, { "cache/same": "same" });
  linkSync(join(other, "cache/same"), join(other, "notes/a.txt"));
  for (const [folder, mode] of [
    [one, 0o755],
    [other, 0o700],
  ] as const)
    chmodSync(join(folder, "bin/run"), mode);
  utimesSync(join(other, "Dockerfile"), 5, 5);
  const target = await store(context);
  const [first, second] = [await packFolder(one, target), await packFolder(other, target, "registry.example/tools/watcher:2")];
  assert.equal(first.descriptor.digest, second.descriptor.digest);
  assert.equal(first.name, "docker.io/library/watcher:1.2.0");
  plugin = first.plugin;
  assert.deepEqual(
    (await target.list()).map(({ name }) => name),
    ["docker.io/library/watcher:1.2.0", "registry.example/tools/watcher:2"],
  );

  const out = join(folderOf(context), "out");
  const described = await unpackPackage(target, "registry.example/tools/watcher:2", out);
  assert.deepEqual([described.layer, described.name, described.version], ["pod", "watcher", "1.2.0"]);
  assert.deepEqual(readdirSync(out, { recursive: true }).map(String).toSorted(), [
    ".dockerignore",
    "Dockerfile",
    "bin",
    "bin/run",
    "notes",
    "notes/a.txt",
    "plugin.yaml",
  ]);
  assert.equal(readFileSync(join(out, "plugin.yaml"), "utf8"), manifestText);
  assert.equal(statSync(join(out, "bin/run")).mode & 0o777, 0o755);
  assert.equal((await packFolder(out, target, "again:1")).descriptor.digest, first.descriptor.digest);
  await assert.rejects(unpackPackage(target, "registry.example/tools/watcher:2", out), { code: "folder-exists" });
});

test("what is no folder of a plug-in is not packed, and nothing of it is stored", async (context) => {
  const target = await store(context);
  await assert.rejects(packFolder(folderOf(context), target), { code: "package-unpackable" });
  await assert.rejects(packFolder(write(folderOf(context), { "plugin.yaml": "kind: Plugin" }), target), { code: "manifest-invalid" });
  const linked = write(folderOf(context), sources);
  symlinkSync("/etc/passwd", join(linked, "link"));
  await assert.rejects(packFolder(linked, target), { code: "package-unpackable", message: /link is a symlink/ });
  await assert.rejects(packFolder(write(folderOf(context), sources), target, "Not A Name"), { code: "reference-invalid" });
  assert.deepEqual(await target.list(), []);
});

test("packages that were made to deceive are refused, and leave nothing behind", async (context) => {
  const target = await store(context);
  await packFolder(write(folderOf(context), sources), target);
  plugin = (await describePackage(target, "docker.io/library/watcher:1.2.0")).plugin;
  const good = gzipSync(tar({ "plugin.yaml": manifestText }));
  const cases: readonly (readonly [Parameters<typeof forged>[1], string])[] = [
    [{ layers: [gzipSync(tar({ "plugin.yaml": manifestText.replace("watcher", "other") }))] }, "package-wrong"],
    [{ layers: [gzipSync(tar({ "plugin.yaml": manifestText }, "link"))] }, "package-unpackable"],
    [{ layers: [gzipSync(tar({ "other.yaml": manifestText }))] }, "package-unpackable"],
    [{ layers: [] }, "package-wrong"],
    [{ layers: [good, Buffer.from("more")] }, "package-wrong"],
    [{ layerType: "application/vnd.oci.image.layer.nondistributable.v1.tar" }, "package-wrong"],
    [{ layers: [Buffer.from("no archive at all")] }, "archive-invalid"],
    [{ config: { name: "no manifest" } }, "package-wrong"],
    [{ config: "text" }, "package-wrong"],
  ];
  for (const [parts, code] of cases) {
    const folder = folderOf(context);
    const reference = await forged(target, parts);
    await assert.rejects(unpackPackage(target, reference, join(folder, "out")), { code }, JSON.stringify(parts)?.slice(0, 200));
    assert.deepEqual(readdirSync(folder), []);
  }
  await writeImage(target, imageOf([10]), "image");
  assert.equal((await describePackage(target, "image")).layer, undefined);
  await assert.rejects(unpackPackage(target, "image", join(folderOf(context), "out")), { code: "package-wrong" });
});

test("a driver is recognised by its configuration and unpacks to config.json and rootfs; of an index this machine's is described", async (context) => {
  const target = await store(context);
  const driver = async (tag: string | undefined): Promise<ReturnType<typeof writeManifestBytes>> => {
    const config = blobOf(
      Buffer.from(`${JSON.stringify({ Description: `for ${tag}`, Entrypoint: ["/run"] })}\n`),
      mediaTypes.dockerPluginConfig,
    );
    const layer = blobOf(gzipSync(tar({ run: "#!/bin/sh\n", "etc/name": "driver" })), mediaTypes.dockerLayerGzip);
    for (const { descriptor, content } of [config, layer]) await target.writeBlob(descriptor, content);
    const manifest = writeManifestBytes({
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifest,
      config: config.descriptor,
      layers: [layer.descriptor],
    });
    await target.writeManifest(manifest, tag);
    return manifest;
  };
  const [amd64, arm64] = [await driver("amd64"), await driver("arm64")];
  const manifests = [
    { ...arm64.descriptor, platform: { os: "linux", architecture: "arm64" } },
    { ...amd64.descriptor, platform: { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" } },
  ];
  const index = writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  await target.writeManifest(index, "all");
  const described = await describePackage(target, "all");
  assert.deepEqual(
    [described.layer, described.digest, described.manifestDigest],
    ["driver", index.descriptor.digest, amd64.descriptor.digest],
  );
  assert.equal(described.platforms.length, 2);
  assert.deepEqual(described.config, { Description: "for amd64", Entrypoint: ["/run"] });
  const out = join(folderOf(context), "out");
  await unpackPackage(target, "all", out);
  assert.equal(readFileSync(join(out, "rootfs/etc/name"), "utf8"), "driver");
  assert.deepEqual(JSON.parse(readFileSync(join(out, "config.json"), "utf8")), described.config);
});

test("packages are saved with their signatures as one tar, always the same bytes, and read from it where it is", async (context) => {
  const folder = folderOf(context);
  const target = await store(context);
  const { name, descriptor } = await packFolder(write(folderOf(context), sources), target);
  const key = join(folder, "key");
  await generateKeyFiles(key);
  await signPackage(target, { reference: name, key: await readSigningKey(key) });
  const bytes = Buffer.concat(await Array.fromAsync(saveArchive(target, [name])));
  assert.equal(digestOf(bytes), digestOf(Buffer.concat(await Array.fromAsync(saveArchive(target, [name])))));
  const file = join(folder, "saved.tar");
  writeFileSync(file, bytes);
  const archive = await openLayoutArchive(file);
  assert.deepEqual(
    (await archive.list()).map((each) => each.name),
    [name],
  );
  const other = await store(context);
  assert.equal((await copyContent(archive, name, other, name)).digest, descriptor.digest);
  assert.equal((await describePackage(other, name)).signedBy.length, 1);
  await assert.rejects(archive.manifest("none"), { code: "manifest-unknown" });

  const copied = execFileSync("tar", ["-tf", file], { encoding: "utf8" });
  assert.match(copied, /^oci-layout\nindex\.json\nblobs\/sha256\//);
});

test("hostile archives of layouts are refused", async (context) => {
  const folder = folderOf(context);
  const archive = (name: string, ...words: readonly string[]): string => {
    execFileSync("tar", ["-cf", join(folder, name), "-C", folder, ...words]);
    return join(folder, name);
  };
  write(folder, { "oci-layout": '{"imageLayoutVersion":"1.0.0"}', "index.json": '{"schemaVersion":2,"manifests":[]}' });
  assert.deepEqual(await (await openLayoutArchive(archive("good.tar", "oci-layout", "index.json"))).list(), []);
  const twice = join(folder, "twice.tar");
  execFileSync("tar", ["-cf", twice, "-C", folder, "oci-layout", "index.json"]);
  execFileSync("tar", ["-rf", twice, "-C", folder, "index.json"]);
  await assert.rejects(openLayoutArchive(twice), { code: "layout-wrong", message: /twice/ });
  await assert.rejects(openLayoutArchive(archive("no-index.tar", "oci-layout")), { code: "layout-missing" });
  await assert.rejects(openLayoutArchive(join(folder, "none.tar")), { code: "layout-missing" });
  await assert.rejects(openLayoutArchive(join(folder, "index.json")), { code: "archive-invalid" });
  const index = readFileSync(join(folder, "index.json"), "utf8");
  writeFileSync(join(folder, "index.json"), index.padEnd(5 << 20));
  await assert.rejects(openLayoutArchive(archive("large.tar", "oci-layout", "index.json")), { code: "layout-wrong" });
  rmSync(join(folder, "index.json"));
  symlinkSync("/etc/passwd", join(folder, "index.json"));
  await assert.rejects(openLayoutArchive(archive("link.tar", "oci-layout", "index.json")), { code: "layout-wrong", message: /symlink/ });
  assert.ok(existsSync(join(folder, "link.tar")));
});

test("names are completed as Docker completes them; the store is where it is said to be", () => {
  assert.equal(packageName("log:1.0"), "docker.io/library/log:1.0");
  assert.equal(familiarName(packageName("log")), "log:latest");
  assert.equal(familiarName(packageName("tools/log:1")), "tools/log:1");
  assert.equal(packageName("127.0.0.1:5000/log:1"), "127.0.0.1:5000/log:1");
  assert.throws(() => packageName("Log"), { code: "reference-invalid" });
  assert.equal(packagesFolder({ OUTRIGGER_PACKAGES: "/p", XDG_DATA_HOME: "/d" }), "/p");
  assert.equal(packagesFolder({ XDG_DATA_HOME: "/d" }), "/d/outrigger/packages");
});
