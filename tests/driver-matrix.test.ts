import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { dockerPlugin, installPlugin, rawRepository, storedPlugin } from "./support/managed-plugins.ts";
import { startRegistry } from "./support/registry.ts";

/**
 * What stock `docker plugin install` makes of packages (measured on Engine 20.10 with a registry 2.8). Our builder makes those alone that install with their
 * files; this test says why the others are not made.
 */
const types = {
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerTar: "application/vnd.docker.image.rootfs.diff.tar",
  ociGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociTar: "application/vnd.oci.image.layer.v1.tar",
  ociZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  pluginConfig: "application/vnd.docker.plugin.v1+json",
  imageConfig: "application/vnd.oci.image.config.v1+json",
};

interface Part {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

interface Case {
  readonly title: string;
  readonly manifest?: string;
  readonly layers: readonly Part[];
  readonly config?: { readonly mediaType?: string; readonly after?: string; readonly diffIds?: readonly string[] | "none" };
  /** More fields of the manifest; undefined takes one away. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Wraps the manifest. */
  readonly index?: string;
  readonly put?: number;
  /** What the install says when it fails. */
  readonly fails?: RegExp;
  /** Files that the root filesystem has, of those that layers bring; `any` where it depends on which layer came first. */
  readonly rootfs?: readonly string[] | "any";
  /** Whether the engine remembers the layer, so that a later push of the installed plug-in still has it. */
  readonly remembered?: boolean;
}

const tar = tarOf({ "bin/driver": "driver" });
const upper = tarOf({ "bin/.wh.driver": "", "bin/other": "other" });
const gzip = { mediaType: types.dockerGzip, bytes: gzipSync(tar) };

const cases: readonly Case[] = [
  { title: "docker manifest, docker gzip layer", layers: [gzip], rootfs: ["driver"], remembered: false },
  {
    title: "oci manifest, oci gzip layer",
    manifest: types.ociManifest,
    layers: [{ ...gzip, mediaType: types.ociGzip }],
    rootfs: ["driver"],
    remembered: true,
  },
  { title: "oci manifest, docker gzip layer", manifest: types.ociManifest, layers: [gzip], rootfs: ["driver"], remembered: false },
  {
    title: "docker manifest, oci gzip layer: what we make",
    layers: [{ ...gzip, mediaType: types.ociGzip }],
    rootfs: ["driver"],
    remembered: true,
  },
  { title: "docker plain tar", layers: [{ mediaType: types.dockerTar, bytes: tar }], rootfs: ["driver"] },
  { title: "oci plain tar", manifest: types.ociManifest, layers: [{ mediaType: types.ociTar, bytes: tar }], rootfs: ["driver"] },
  { title: "gzip type, plain bytes", layers: [{ mediaType: types.dockerGzip, bytes: tar }], rootfs: ["driver"] },
  {
    title: "gzip type, zstd bytes",
    layers: [{ mediaType: types.dockerGzip, bytes: zstdCompressSync(tar) }],
    fails: /invalid tar header|unexpected EOF/,
  },
  {
    title: "oci zstd layer",
    manifest: types.ociManifest,
    layers: [{ mediaType: types.ociZstd, bytes: zstdCompressSync(tar) }],
    rootfs: [],
  },
  { title: "no layers", layers: [], rootfs: [] },
  { title: "two layers", layers: [gzip, { mediaType: types.dockerGzip, bytes: gzipSync(upper) }], rootfs: "any" },
  { title: "diff_ids of the plain layer", layers: [gzip], config: { diffIds: [digestOf(tar)] }, rootfs: ["driver"] },
  { title: "wrong diff_ids", layers: [gzip], config: { diffIds: [`sha256:${"0".repeat(64)}`] }, rootfs: ["driver"] },
  { title: "no rootfs in the configuration", layers: [gzip], config: { diffIds: "none" }, rootfs: ["driver"] },
  {
    title: "oci manifest with annotations and artifactType",
    manifest: types.ociManifest,
    layers: [{ ...gzip, mediaType: types.ociGzip }],
    fields: { annotations: { a: "b" }, artifactType: types.pluginConfig },
    rootfs: ["driver"],
  },
  {
    title: "oci manifest that does not say what it is",
    manifest: types.ociManifest,
    layers: [{ ...gzip, mediaType: types.ociGzip }],
    fields: { mediaType: undefined },
    rootfs: ["driver"],
  },
  { title: "docker manifest that does not say what it is", layers: [gzip], fields: { mediaType: undefined }, put: 400 },
  {
    title: "configuration of an image",
    manifest: types.ociManifest,
    layers: [gzip],
    config: { mediaType: types.imageConfig },
    fails: /did not find plugin config/,
  },
  { title: "configuration with something after it", layers: [gzip], config: { after: "{}" }, fails: /invalid config json/ },
  {
    title: "oci index",
    manifest: types.ociManifest,
    layers: [{ ...gzip, mediaType: types.ociGzip }],
    index: types.ociIndex,
    fails: /did not find plugin config/,
  },
  { title: "docker manifest list", layers: [gzip], index: types.dockerList, fails: /did not find plugin config/ },
];

test("what a stock engine makes of packages", async (context) => {
  const { host } = await startRegistry(context);
  for (const [number, each] of cases.entries()) {
    await context.test(each.title, (inner) => tryCase(inner, host, `matrix/case${number}`, each));
  }
});

async function tryCase(context: TestContext, host: string, repository: string, each: Case): Promise<void> {
  const raw = rawRepository(host, repository);
  const layers = await Promise.all(each.layers.map(({ mediaType, bytes }) => raw.blob(mediaType, bytes)));
  const diffIds = each.config?.diffIds ?? layers.map(({ digest }) => digest);
  const description = {
    description: each.title,
    entrypoint: ["/bin/driver"],
    interface: { types: ["docker.volumedriver/1.0"], socket: "matrix.sock" },
    ...(diffIds === "none" ? {} : { rootfs: { type: "layers", diff_ids: diffIds } }),
  };
  const config = await raw.blob(
    each.config?.mediaType ?? types.pluginConfig,
    Buffer.from(`${JSON.stringify(description)}${each.config?.after ?? ""}`),
  );
  const mediaType = each.manifest ?? types.dockerManifest;
  const manifest = { schemaVersion: 2, mediaType, config, layers, ...each.fields };
  const status = await raw.manifest(each.index === undefined ? "1" : "one", manifest, mediaType);
  assert.equal(status, each.put ?? 201, "what the registry says");
  if (status !== 201) return;
  if (each.index !== undefined) {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const entry = { mediaType, digest: digestOf(bytes), size: bytes.length, platform: { architecture: "amd64", os: "linux" } };
    assert.equal(await raw.manifest("1", { schemaVersion: 2, mediaType: each.index, manifests: [entry] }, each.index), 201);
  }
  const name = `${host}/${repository}:1`;
  const { code, stderr, stdout } = await installPlugin(context, name);
  if (each.fails !== undefined) {
    assert.notEqual(code, 0, stdout);
    assert.match(stderr, each.fails);
    return;
  }
  assert.equal(code, 0, stderr);
  const stored = storedPlugin(name);
  const found = readdirSync(stored.rootfs, { recursive: true, encoding: "utf8" }).filter(
    (path) => path === "bin/driver" || path === "bin/other",
  );
  if (each.rootfs !== "any")
    assert.deepEqual(
      found,
      (each.rootfs ?? []).map((path) => `bin/${path}`),
    );
  if (each.remembered !== undefined) assert.deepEqual(stored.blobs, each.remembered ? [layers[0]?.digest] : null);
  const removed = await dockerPlugin("rm", name);
  assert.equal(removed.code, 0, removed.stderr);
}

function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-matrix-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, "root", path, ".."), { recursive: true });
      writeFileSync(join(folder, "root", path), text);
    }
    execFileSync("tar", ["-C", join(folder, "root"), "-cf", join(folder, "files.tar"), "."]);
    return readFileSync(join(folder, "files.tar"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${execFileSync("sha256sum", { input: bytes, encoding: "utf8" }).slice(0, 64)}`;
}
