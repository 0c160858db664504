import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import {
  digestOf,
  type FileTree,
  flattenImage,
  type Layout,
  type ManifestContent,
  mediaTypes,
  openDockerArchive,
  openLayout,
  type Platform,
  treeOfTar,
  writeManifestBytes,
} from "@outrigger/registry";
import { blobOf } from "../../../tests/support/content.ts";
import { tinyImage } from "../../../tests/support/images.ts";
import { exportedImage, savedImage, tarOf } from "../../../tests/support/tar-files.ts";
import { describeTree } from "../../../tests/support/trees.ts";

function temporary(context: Pick<TestContext, "after">): string {
  const folder = mkdtempSync(join(tmpdir(), "flatten-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An engine puts these into a container by itself. */
function engines(path: string): boolean {
  return !/^(\.dockerenv|(dev|proc|sys)(\/.*)?|etc|etc\/(hosts|hostname|mtab|resolv\.conf))$/.test(path);
}

/** Layers as an engine's own builds make them; `b` is busybox. */
const dockerfile = (base: string): string => `FROM ${base}
RUN b="busybox" && cd / && $b mkdir -p usr/share/doc usr/local srv media opt/x mnt && $b touch usr/share/doc/a usr/share/doc/b opt/x/y srv/z media/q && $b cp /bin/busybox /bin/tool
RUN b="busybox" && $b rm -rf /usr/share/doc && $b chmod 4711 /bin/tool && $b ln /bin/tool /usr/local/tool && $b chown 5:6 /usr/local
RUN b="busybox" && $b rm /bin/tool && $b mkdir /usr/share/doc && $b touch /usr/share/doc/new && $b mv /opt /opt2
RUN b="busybox" && $b rm -rf /srv /media && echo file > /srv && $b ln -s /mnt /media && echo content > /mnt/content
CMD ["sh"]
`;

test("an image of several layers flattens to what the engine exports, from every archive of it and from a layout", async (context) => {
  const folder = temporary(context);
  const name = `layers-test/flatten-${process.pid}:1`;
  writeFileSync(join(folder, "Dockerfile"), dockerfile(await tinyImage()));
  execFileSync("docker", ["build", "--quiet", "--network", "none", "-t", name, folder], {
    stdio: "pipe",
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  context.after(() => void execFileSync("docker", ["rmi", name], { stdio: "ignore" }));
  writeFileSync(join(folder, "exported.tar"), exportedImage(name));
  const exported = await treeOfTar(join(folder, "exported.tar"));
  const expected = await describeTree(exported, engines);
  await exported.close();
  assert.ok(expected.length > 20);
  const saved = join(folder, "saved.tar");
  execFileSync("docker", ["save", "-o", saved, name]);
  const copied = (target: string): void =>
    void execFileSync("skopeo", ["copy", "--quiet", `docker-archive:${saved}`, target], { stdio: "pipe", cwd: folder });
  copied("oci-archive:oci.tar:some/name:1");
  copied("docker-archive:docker.tar:some/name:1");
  copied("oci:layout:1");
  execFileSync("gzip", ["-k", saved]);
  const archives = { saved: name, oci: "some/name:1", docker: "some/name:1" };
  for (const [file, reference] of [
    ...Object.entries(archives).map(([file, reference]) => [`${file}.tar`, reference] as const),
    ["saved.tar.gz", name] as const,
  ]) {
    const archive = await openDockerArchive(join(folder, file));
    const [listed] = archive.list();
    assert.equal(listed?.names.length, 1);
    for (const wanted of [reference, listed.digest]) {
      const { tree, config } = await flattenImage(archive, wanted);
      assert.deepEqual(config.config?.Cmd, ["sh"]);
      assert.deepEqual(await describeTree(tree, engines), expected, file);
      await tree.close();
    }
    await assert.rejects(archive.manifest("other:1"), { code: "manifest-unknown" });
    await archive.close();
  }
  const { tree } = await flattenImage(await openLayout(join(folder, "layout")), "1");
  assert.deepEqual(await describeTree(tree, engines), expected);
  await tree.close();
});

interface Parts {
  readonly layers?: readonly Buffer[];
  readonly diffIds?: readonly string[];
  readonly platform?: Platform;
  readonly configType?: string;
  readonly layerType?: string;
}

async function writeImage(
  layout: Layout,
  { layers = [], diffIds, platform, configType, layerType }: Parts,
  tag?: string,
): Promise<ManifestContent> {
  const blobs = layers.map((bytes) => blobOf(bytes, layerType ?? mediaTypes.ociLayerGzip));
  const rootfs = { type: "layers", diff_ids: diffIds ?? layers.map((bytes) => digestOf(bytes)) };
  const config = blobOf(
    Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64", ...platform, rootfs })),
    configType ?? mediaTypes.ociImageConfig,
  );
  for (const { descriptor, content } of [config, ...blobs]) await layout.writeBlob(descriptor, content);
  const descriptors = { config: config.descriptor, layers: blobs.map(({ descriptor }) => descriptor) };
  const manifest = writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, ...descriptors });
  await layout.writeManifest(manifest, tag);
  return manifest;
}

async function linesOf(tree: FileTree): Promise<readonly string[]> {
  const lines = await describeTree(tree);
  await tree.close();
  return lines;
}

test("layers are read by their first bytes, whatever they are called: plain, gzip, zstd", async (context) => {
  const layout = await openLayout(join(temporary(context), "layout"), { create: true });
  const tars = await Promise.all(["a", "b", "c"].map((name) => tarOf([{ name }])));
  const [plain = Buffer.of(), gzip = Buffer.of(), zstd = Buffer.of()] = tars;
  await writeImage(layout, { layers: [plain, gzipSync(gzip), zstdCompressSync(zstd)], diffIds: tars.map(digestOf) }, "1");
  const lines = await linesOf((await flattenImage(layout, "1")).tree);
  assert.deepEqual(
    lines.map((line) => line.split(" ")[0]),
    ["a", "b", "c"],
  );
});

test("of an index, the wanted platform is read, also through an index in an index", async (context) => {
  const layout = await openLayout(join(temporary(context), "layout"), { create: true });
  const platforms: readonly Platform[] = [
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64", variant: "v8" },
    { os: "linux", architecture: "s390x" },
  ];
  const manifests = await Promise.all(
    platforms.map(async (platform) => {
      const { descriptor } = await writeImage(layout, { platform, layers: [await tarOf([{ name: platform.architecture }])] });
      return { ...descriptor, platform };
    }),
  );
  const attestation = { ...(await writeImage(layout, {})).descriptor, platform: { os: "unknown", architecture: "unknown" } };
  const index = writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [attestation, ...manifests] });
  await layout.writeManifest(index, "all");
  await layout.writeManifest(
    writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [index.descriptor] }),
    "outer",
  );
  for (const reference of ["all", "outer"]) {
    for (const architecture of ["amd64", "arm64", "s390x"]) {
      const { tree, config } = await flattenImage(layout, reference, { platform: { os: "linux", architecture } });
      assert.equal(config.architecture, architecture);
      assert.match((await linesOf(tree)).join(), new RegExp(`^${architecture} file`));
    }
  }
  await assert.rejects(flattenImage(layout, "all", { platform: { os: "linux", architecture: "riscv64" } }), {
    code: "platform-missing",
    message: /is not there for linux\/riscv64; it is for linux\/amd64, linux\/arm64\/v8, linux\/s390x/,
  });
  await writeImage(layout, { platform: { os: "linux", architecture: "s390x" } }, "alone");
  await linesOf((await flattenImage(layout, "alone")).tree);
  await assert.rejects(flattenImage(layout, "alone", { platform: { os: "linux", architecture: "amd64" } }), { code: "platform-missing" });
});

test("refused: a layer that is not what its configuration says, other kinds of content, documents that are not right", async (context) => {
  const layout = await openLayout(join(temporary(context), "layout"), { create: true });
  const tar = await tarOf([{ name: "a" }]);
  const refused = async (parts: Parts, expected: object): Promise<void> => {
    await writeImage(layout, parts, "x");
    await assert.rejects(flattenImage(layout, "x"), expected);
  };
  await refused({ layers: [tar], diffIds: [digestOf("other")] }, { code: "digest-wrong" });
  await refused({ layers: [gzipSync(tar)] }, { code: "digest-wrong" });
  await refused({ layers: [tar, tar], diffIds: [digestOf(tar)] }, { code: "image-invalid", message: /2 layers and 1 diff_ids/ });
  await refused({ layers: [tar], configType: mediaTypes.dockerPluginConfig }, { code: "image-invalid", message: /no image's/ });
  await refused(
    { layers: [tar], layerType: "application/vnd.oci.image.layer.v1.tar+gzip+encrypted" },
    { code: "image-invalid", message: /can't be read/ },
  );
  await refused({ layers: [tar], diffIds: ["md5:1"] }, { code: "image-invalid", message: /rootfs\.diff_ids\.0/ });
  await refused({ layers: [Buffer.from("no tar at all".repeat(99))] }, { code: "archive-invalid" });
});

test("nothing is left in the folder for temporary files: after closing, and after a failure", async (context) => {
  const folder = temporary(context);
  const layout = await openLayout(join(folder, "layout"), { create: true });
  const tar = await tarOf([{ name: "a" }]);
  await writeImage(layout, { layers: [tar, tar], diffIds: [digestOf(tar), digestOf(tar)] }, "good");
  await writeImage(layout, { layers: [tar, tar], diffIds: [digestOf(tar), digestOf("other")] }, "bad");
  const temporaries = join(folder, "temporary");
  execFileSync("mkdir", [temporaries]);
  const left = (): string => execFileSync("ls", ["-A", temporaries], { encoding: "utf8" });
  const { tree } = await flattenImage(layout, "good", { temporary: temporaries });
  assert.notEqual(left(), "");
  await tree.close();
  assert.equal(left(), "");
  await assert.rejects(flattenImage(layout, "bad", { temporary: temporaries }), { code: "digest-wrong" });
  assert.equal(left(), "");
  assert.throws(() => [...(tree.contentSync?.({ path: "a", kind: "file", mode: 0, uid: 0, gid: 0, size: 0, modified: 0 }) ?? [])], {
    code: "tree-closed",
  });
});

test("archives: names with and without :latest and Docker's own registry; links between layers; what is hostile is refused", async (context) => {
  const folder = temporary(context);
  const path = join(folder, "x.tar");
  const layer = await tarOf([{ name: "a" }]);
  writeFileSync(path, await savedImage("busybox:latest", [layer]));
  const archive = await openDockerArchive(path);
  for (const name of ["busybox", "busybox:latest", "docker.io/library/busybox"])
    assert.equal((await archive.manifest(name)).descriptor.digest, archive.list()[0]?.digest);
  await archive.close();
  const config = JSON.stringify({
    os: "linux",
    architecture: "amd64",
    rootfs: { type: "layers", diff_ids: [digestOf(layer), digestOf(layer)] },
  });
  const write = async (layers: readonly string[], target = "../1/layer.tar", zipped = false): Promise<void> => {
    writeFileSync(
      path,
      await tarOf([
        { name: "1/layer.tar", content: zipped ? gzipSync(layer) : layer },
        { name: "2/layer.tar", type: "symlink", target },
        { name: "c.json", content: config },
        { name: "manifest.json", content: JSON.stringify([{ Config: "c.json", RepoTags: null, Layers: layers }]) },
      ]),
    );
  };
  for (const zipped of [false, true]) {
    await write(["1/layer.tar", "2/layer.tar"], "../1/layer.tar", zipped);
    const linked = await openDockerArchive(path);
    assert.match((await linesOf((await flattenImage(linked, linked.list()[0]?.digest ?? "")).tree)).join(), /^a file/);
    await linked.close();
  }
  for (const target of ["../../../etc/passwd", "/etc/passwd", "layer.tar"]) {
    await write(["1/layer.tar", "2/layer.tar"], target);
    await assert.rejects(openDockerArchive(path), { code: "image-invalid", message: /no file "2\/layer.tar"/ });
  }
  await write(["../../etc/passwd", "1/layer.tar"]);
  await assert.rejects(openDockerArchive(path), { code: "image-invalid" });
  writeFileSync(path, await tarOf([{ name: "other" }]));
  await assert.rejects(openDockerArchive(path), { code: "image-invalid", message: /neither manifest.json nor index.json/ });
});
