import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isOutriggerError } from "@outrigger/plugin";
import { filePiece, flattenImage, openLayout, treeOfPieces, unpackTree } from "@outrigger/registry";
import { basicAuth, startRegistry, tester } from "../../../tests/support/registry.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { pushTinyImage } from "../../../tests/support/tiny-pushed-image.ts";
import { findImages } from "../src/image/lite/find-images.ts";
import { manifestImages } from "../src/image/lite/manifest-images.ts";
import { hostPlatform, imageStand } from "./support/image-stand.ts";

const none = "/nonexistent";

async function named(files: Readonly<Record<string, string>>, context = none): Promise<readonly string[]> {
  const tree = treeOfPieces(Object.entries(files).map(([path, text]) => filePiece(path, text)));
  const { images, warnings } = await findImages(tree, context);
  return [...images.map(({ image, file, line }) => `${file}:${line} ${image}`), ...warnings];
}

/** A PATH without helm, which this machine may have. */
function withPath(context: TestContext, folder: string): void {
  const before = process.env["PATH"];
  process.env["PATH"] = folder;
  context.after(() => {
    process.env["PATH"] = before;
  });
}

test("images are found in every kind of manifest, with their lines, and in no ConfigMap", async () => {
  const manifest = `apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{name: a, image: "busybox:1"}]
      containers:
        - name: web
          image: nginx:1.25   # here
      volumes: [{name: v, image: {reference: quay.io/data/set:2}}]
---
kind: ConfigMap
data: {image: "not:this"}
---
kind: Prometheus
spec:
  image: quay.io/prometheus/prometheus:v2
---
kind: CustomResourceDefinition
spec: {schema: {image: string}}
`;
  assert.deepEqual(await named({ "manifests/deep/web.yaml": manifest, "etc/other.yaml": "image: x", "manifests/broken.yml": "a: [" }), [
    "manifests/deep/web.yaml:6 busybox:1",
    "manifests/deep/web.yaml:9 nginx:1.25",
    "manifests/deep/web.yaml:10 quay.io/data/set:2",
    "manifests/deep/web.yaml:17 quay.io/prometheus/prometheus:v2",
    "manifests/broken.yml is not YAML, so its images were not gathered.",
  ]);
});

test("a manifest whose aliases would unfold to a billion texts is read at once", () => {
  const levels = [
    "a: &a [image, image]",
    ..."bcdefghijklmnopqrstuvwxyz"
      .split("")
      .map((name, index) => `${name}: &${name} [*${String.fromCharCode(97 + index)}, *${String.fromCharCode(97 + index)}]`),
  ];
  assert.deepEqual(
    manifestImages(`${levels.join("\n")}\nimage: one:1\n`, "bomb.yaml")?.map(({ image }) => image),
    ["one:1"],
  );
});

test("lists have an image in each line, in the rootfs and beside the Kubefile", async (context) => {
  const { write, context: folder } = await imageStand(context);
  write({ imageList: "beside:1\n" });
  assert.deepEqual(await named({ "manifests/imageList": "# all\n\nnginx:1 # web\n  busybox\r\n", imageList: "a/b\n" }, folder), [
    "imageList:1 a/b",
    "manifests/imageList:3 nginx:1",
    "manifests/imageList:4 busybox",
    "imageList:1 beside:1",
  ]);
});

test("without helm a chart's images are read from its values and templates, and what stays open is said", async (context) => {
  const { folder } = await imageStand(context);
  withPath(context, folder);
  const found = await named({
    "charts/shop/Chart.yaml": "name: shop\nappVersion: 2.0.1\n",
    "charts/shop/values.yaml":
      "web:\n  image: {registry: quay.io, repository: shop/web}\ndb:\n  image:\n    repository: postgres\n    tag: 16\n  sidecar: {image: busybox:1}\ngit: {repository: https://x.example/y, tag: 1}\n",
    "charts/shop/templates/a.yaml": "spec:\n  image: {{ .Values.x }}\n  containers:\n    - image: fixed:3\n",
  });
  assert.deepEqual(found.slice(0, 4), [
    "charts/shop/templates/a.yaml:4 fixed:3",
    "charts/shop/values.yaml:2 quay.io/shop/web:2.0.1",
    "charts/shop/values.yaml:5 postgres:16",
    "charts/shop/values.yaml:7 busybox:1",
  ]);
  assert.match(found[4] ?? "", /helm is not installed.*templates\/a\.yaml:2/);
});

test("where helm is, a chart's images are those of what it renders", async (context) => {
  const { folder } = await imageStand(context);
  mkdirSync(join(folder, "bin"));
  // Debian has no helm: this prints what the real one printed for a chart with one Deployment.
  writeFileSync(
    join(folder, "bin/helm"),
    '#!/bin/sh\n[ "$1" = template ] && [ -f "$3/Chart.yaml" ] && printf -- "---\\n# Source: shop/templates/a.yaml\\nkind: Deployment\\nspec:\\n  image: rendered:1\\n"\n',
  );
  chmodSync(join(folder, "bin/helm"), 0o755);
  withPath(context, `${folder}/bin:/usr/bin:/bin`);
  assert.deepEqual(await named({ "charts/shop/Chart.yaml": "name: shop", "charts/shop/values.yaml": "image: values:1" }), [
    "charts/shop:0 rendered:1",
  ]);
});

test("images are copied into registry/, an image layout, for the platform that is built; what can't be had is named with its place", async (context) => {
  const registry = await startRegistry(context);
  const { write, build, open, folder } = await imageStand(context);
  for (const architecture of ["amd64", "arm64"]) await pushTinyImage(`${registry.host}/tools/app:${architecture}`, [architecture]);
  await pushTinyImage(`${registry.host}/tools/both:1`, ["amd64", "arm64"]);
  write({
    "manifests/a.yaml": `spec:\n  image: ${registry.host}/tools/both:1\n`,
    "manifests/imageList": `${registry.host}/tools/both:1\n`,
  });
  const platforms = [
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64" },
  ];
  const first = await build("FROM scratch\nCOPY manifests manifests\n", { images: {}, platforms });
  const again = await build("FROM scratch\nCOPY manifests manifests\n", { images: {}, platforms });
  assert.equal(first.descriptor.digest, again.descriptor.digest);
  const image = await open("built:1");
  assert.deepEqual(image.containerImages, [`${registry.host}/tools/both:1`]);
  for (const platform of platforms) {
    const rootfs = join(folder, platform.architecture);
    await unpackTree(await image.rootfs(platform), rootfs);
    const layout = await openLayout(join(rootfs, "registry"));
    const { tree, config } = await flattenImage(layout, `${registry.host}/tools/both:1`, { platform });
    assert.deepEqual([config.architecture, tree.entries.map(({ path }) => path)], [platform.architecture, ["", "app"]]);
    await tree.close();
  }
  // A second image over it keeps what the first gathered.
  write({ "manifests/a.yaml": `spec:\n  image: ${registry.host}/tools/app:${hostPlatform.architecture}\n` });
  await build("FROM built:1\nCOPY manifests/a.yaml manifests/b.yaml\n", { images: {}, names: ["docker.io/library/two:1"] });
  const two = await open("two:1");
  assert.deepEqual(two.containerImages, [`${registry.host}/tools/app:${hostPlatform.architecture}`, `${registry.host}/tools/both:1`]);
  const rootfs = join(folder, "two");
  await unpackTree(await two.rootfs(hostPlatform), rootfs);
  const names = (await (await openLayout(join(rootfs, "registry"))).list()).map(({ name }) => name);
  assert.deepEqual(names, two.containerImages);

  write({ "manifests/a.yaml": `spec:\n  image: ${registry.host}/tools/none:1\n---\nspec:\n  image: Not An Image\n` });
  await assert.rejects(build("FROM scratch\nCOPY manifests/a.yaml manifests/\n", { images: {} }), (error: unknown) => {
    assert.ok(isOutriggerError(error));
    assert.equal(error.code, "image-gathering-failed");
    assert.deepEqual(
      error.problems.map(({ file, line }) => `${file}:${line}`),
      ["manifests/a.yaml:2", "manifests/a.yaml:5"],
    );
    assert.match(error.problems[0]?.message ?? "", /none:1 can't be gathered: .* has no 1/);
    return true;
  });
  await build("FROM scratch\nCOPY manifests/a.yaml manifests/\n", { images: "skip" });
});

test("imageListWithAuth.yaml says who asks for which images, and is never part of the image or of a message", async (context) => {
  const registry = await startRegistry(context, { auth: basicAuth(temporaryFolder(context)) });
  const { write, build, open } = await imageStand(context);
  const credentials = { findCredentials: async () => ({ kind: "password", ...tester }) as const };
  await pushTinyImage(`${registry.host}/private/app:1`, ["amd64", "arm64"], credentials);
  const list = (password: string): string =>
    JSON.stringify([{ registry: registry.host, username: tester.username, password, images: ["private/app:1"] }]);
  const nobody = { registry: { findCredentials: async () => undefined } };
  write({ "imageListWithAuth.yaml": list(tester.password) });
  await build("FROM scratch\nCOPY . .\n", { images: nobody });
  const image = await open("built:1");
  assert.deepEqual(image.containerImages, [`${registry.host}/private/app:1`]);
  const tree = await image.rootfs(hostPlatform);
  assert.ok(!tree.entries.some(({ path }) => path.includes("WithAuth")));
  write({ "imageListWithAuth.yaml": list("hunter2") });
  await assert.rejects(build("FROM scratch\nCOPY . .\n", { images: nobody }), (error: unknown) => {
    assert.ok(isOutriggerError(error));
    assert.ok(!JSON.stringify([error.message, error.problems]).includes("hunter2"));
    assert.match(error.problems[0]?.file ?? "", /imageListWithAuth/);
    return true;
  });
  write({ "imageListWithAuth.yaml": "- {username: u, password: 271828, images: [a]}\n" });
  await assert.rejects(build("FROM scratch\n", { images: nobody }), (error: unknown) => {
    assert.ok(isOutriggerError(error));
    assert.ok(!JSON.stringify([error.message, error.problems]).includes("271828"), JSON.stringify(error.problems));
    return true;
  });
});
