import assert from "node:assert/strict";
import { createWriteStream, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import {
  copyContent,
  digestOf,
  filePiece,
  type ManifestContent,
  mediaTypes,
  openLayout,
  openRepository,
  openStore,
  packageReference,
  saveArchive,
  treeOfPieces,
  writeLayer,
  writeManifestBytes,
} from "@outrigger/registry";
import { startRegistry } from "../../../tests/support/registry.ts";
import { recordKey } from "../src/image/image-record.ts";
import { hostPlatform, type ImageStand, imageStand } from "./support/image-stand.ts";

const plugin = "kind: Plugin\nmetadata: {name: motd}\nspec: {type: SHELL, action: PostInstall, data: echo hi}\n";
const kubefile = "FROM scratch\nCOPY scripts scripts\nCOPY motd.yaml plugins\nCOPY tool plugins/\nLABEL site=test\nCMD echo ready\n";

async function built(stand: ImageStand): Promise<string> {
  stand.write({ "scripts/create.sh": "true\n", "motd.yaml": plugin, "tool*": "#!/bin/sh\n" });
  return (await stand.build(kubefile, { kind: "cluster" })).descriptor.digest;
}

test("an image says the same from the store, a layout, an archive and a registry, and facts are read without a layer", async (context) => {
  const stand = await imageStand(context);
  const { store, folder, open } = stand;
  const digest = await built(stand);
  const registry = await startRegistry(context);
  const remote = `${registry.host}/clusters/built:1`;
  const repository = openRepository(packageReference(remote));
  await copyContent(store, "docker.io/library/built:1", repository, "1");
  repository.close();
  await copyContent(store, "docker.io/library/built:1", await openLayout(join(folder, "layout"), { create: true }), "built");
  await pipeline(saveArchive(store, ["docker.io/library/built:1"]), createWriteStream(join(folder, "built.tar")));
  const empty = await openStore(join(folder, "empty"));
  for (const [reference, name] of [
    ["built:1", "built:1"],
    [`built@${digest}`, `built@${digest}`],
    [`oci:${folder}/layout`, `oci:${folder}/layout`],
    [`oci:${folder}/layout:built`, `oci:${folder}/layout:built`],
    [`oci-archive:${folder}/built.tar`, `oci-archive:${folder}/built.tar`],
    [`${folder}/layout`, `${folder}/layout`],
    [`${folder}/built.tar`, `${folder}/built.tar`],
    [remote, remote],
  ] as const) {
    const image = await open(reference, { pull: "missing", store: reference.startsWith("built") ? store : empty });
    const { reference: shown, plugins, rootfs, pluginFolder, close, ...facts } = image;
    assert.equal(shown, name);
    assert.deepEqual(facts, {
      digest,
      kind: "cluster",
      platforms: [hostPlatform],
      commands: ["echo ready"],
      env: {},
      labels: { site: "test" },
      scripts: ["create.sh"],
      containerImages: [],
    });
    assert.deepEqual(
      plugins.map((each) => [each.name, each.given.type, each.given.data, each.origin]),
      [["motd", "SHELL", "echo hi", { from: "image", image: name, path: "plugins/motd.yaml", line: 1 }]],
    );
    if (reference === remote) assert.deepEqual(await empty.list(), []);
    assert.ok((await rootfs(hostPlatform)).entries.some(({ path }) => path === "scripts/create.sh"));
    const unpacked = (await pluginFolder()) ?? "";
    assert.deepEqual(readdirSync(unpacked).toSorted(), ["motd.yaml", "tool"]);
    assert.equal(statSync(join(unpacked, "tool")).mode & 0o777, 0o755);
  }
  assert.deepEqual(
    (await empty.list()).map(({ name }) => name),
    [remote],
  );
  await assert.rejects(open("nowhere:1"), { code: "manifest-unknown" });
  await assert.rejects(open("./nowhere"), { code: "layout-missing" });
});

test("an image whose files are not what it says of them is refused when it is opened whole", async (context) => {
  const stand = await imageStand(context);
  await built(stand);
  const { store, open } = stand;
  const good = await store.manifest("docker.io/library/built:1");
  const lying = await forged(store, good, (config) => ({ ...config, [recordKey]: { ...(config[recordKey] as object), documents: [] } }));
  const image = await open(lying);
  assert.deepEqual(image.plugins, []);
  await assert.rejects(image.rootfs(hostPlatform), /its files are not what it says of them/);
  await assert.rejects(open(await forged(store, good, (config) => ({ ...config, [recordKey]: { version: 9 } }))), {
    code: "cluster-image-wrong",
  });
});

async function forged(
  store: ImageStand["store"],
  good: ManifestContent,
  change: (config: Record<string, unknown>) => object,
): Promise<string> {
  const manifest = JSON.parse(Buffer.from(good.bytes).toString()) as { config: { mediaType: string; digest: string; size: number } };
  const config = JSON.parse(Buffer.concat(await Array.fromAsync(store.blob(manifest.config))).toString()) as Record<string, unknown>;
  const bytes = Buffer.from(JSON.stringify(change(config)));
  const descriptor = { ...manifest.config, digest: digestOf(bytes), size: bytes.length };
  await store.writeBlob(descriptor, async function* () {
    yield bytes;
  });
  const content = writeManifestBytes({ ...manifest, config: descriptor } as unknown as Parameters<typeof writeManifestBytes>[0]);
  await store.writeManifest(content, "docker.io/library/forged:1");
  return "forged:1";
}

test("images of other makers are read by their files: Sealer's annotation and Metadata, or nothing at all", async (context) => {
  const { store, folder, open, build, write } = await imageStand(context);
  const pieces = [
    filePiece("Metadata", '{"version":"v1.19.8","arch":"x86_64"}'),
    filePiece("scripts/init.sh", "true"),
    filePiece("plugin/motd.yaml", plugin),
  ];
  const layer = await writeLayer(treeOfPieces(pieces), { directory: folder });
  await store.writeBlob(layer.descriptor, async function* () {
    yield readFileSync(layer.file);
  });
  const bytes = Buffer.from(
    JSON.stringify({ ...hostPlatform, config: { Env: ["PATH=/bin", "A=1=2"] }, rootfs: { type: "layers", diff_ids: [layer.diffId] } }),
  );
  const config = { mediaType: mediaTypes.ociImageConfig, digest: digestOf(bytes), size: bytes.length };
  await store.writeBlob(config, async function* () {
    yield bytes;
  });
  const push = async (name: string, annotations?: Readonly<Record<string, string>>): Promise<void> => {
    const content = writeManifestBytes({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config,
      layers: [layer.descriptor],
      ...(annotations === undefined ? {} : { annotations }),
    });
    await store.writeManifest(content, `docker.io/library/${name}:1`);
  };
  await push("plain");
  await push("sealer", {
    "sealer.image.extension": '{"type":"app-installer","schemaVersion":"v1alpha1","launch":{"cmds":["kubectl apply -f x"]}}',
  });
  const plain = await open("plain:1");
  assert.deepEqual([plain.kind, plain.scripts, plain.commands, plain.env], ["cluster", ["init.sh"], [], { A: "1=2" }]);
  assert.equal(plain.labels["cluster.alpha.sealer.io/cluster-runtime-version"], "v1.19.8");
  assert.deepEqual(
    plain.plugins.map(({ name }) => name),
    ["motd"],
  );
  const sealer = await open("sealer:1");
  assert.deepEqual([sealer.kind, sealer.commands], ["application", ["kubectl apply -f x"]]);
  write({ "x.txt": "" });
  await build("FROM sealer:1\nCMD echo more\n");
  assert.deepEqual((await open("built:1")).commands, ["kubectl apply -f x", "echo more"]);
});

test("nothing of an image leads out of its plug-ins' folder on this machine, nor brings rights along", async (context) => {
  const { write, build, open, context: folder } = await imageStand(context);
  write({ "p/real.txt": "real", "p/tool*": "#!/bin/sh\n" });
  symlinkSync("/etc/passwd", join(folder, "p/passwd"));
  symlinkSync("../../../../../etc", join(folder, "p/etc"));
  symlinkSync("real.txt", join(folder, "p/same"));
  await build("FROM scratch\nCOPY --chmod=6777 p/tool plugins/tool\nCOPY p plugins\nCOPY p/real.txt plugin/real.txt\n");
  const unpacked = (await (await open("built:1")).pluginFolder()) ?? "";
  assert.deepEqual(readdirSync(unpacked).toSorted(), ["real.txt", "same", "tool"]);
  assert.ok(lstatSync(join(unpacked, "same")).isFile());
  assert.equal(statSync(join(unpacked, "tool")).mode & 0o7777, 0o755);
  write({ "motd.yaml": plugin });
  await build("FROM scratch\nCOPY motd.yaml plugins\n");
  assert.equal(await (await open("built:1")).pluginFolder(), undefined);
});

test("this machine's trust policy counts for cluster images and for those they are built on", async (context) => {
  const stand = await imageStand(context);
  await built(stand);
  const trust = { file: "trust.yaml", rules: [], default: "refuse" } as const;
  await assert.rejects(stand.open("built:1", { trust }), { code: "package-untrusted" });
  await assert.rejects(stand.build("FROM built:1\n", { trust }), { code: "package-untrusted" });
});
