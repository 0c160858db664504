import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startRegistry } from "./support/registry.ts";
import { execute, type Result, root } from "./support/sandbox.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { pushTinyImage } from "./support/tiny-pushed-image.ts";

interface Bench {
  readonly folder: string;
  /** With another store, where one is named. */
  readonly outrigger: (words: readonly string[], store?: string) => Promise<Result>;
  /** What it printed; it must not fail. */
  readonly out: (words: readonly string[], store?: string) => Promise<string>;
}

function bench(context: TestContext): Bench {
  const folder = temporaryFolder(context);
  const outrigger: Bench["outrigger"] = (words, store = "store") =>
    execute(join(root, "outrigger"), words, folder, { OUTRIGGER_PACKAGES: join(folder, store), OUTRIGGER_TRUST: "", NO_COLOR: "1" });
  return {
    folder,
    outrigger,
    out: async (words, store) => {
      const { code, stdout, stderr } = await outrigger(words, store);
      assert.equal(code, 0, `${words.join(" ")}:\n${stderr}`);
      return stdout.trim();
    },
  };
}

test("the seed's recipe: a Kubefile, a module and its document become an image with their list on it (sealer#1592)", async (context) => {
  const { folder, out, outrigger } = bench(context);
  cpSync(join(root, "examples/tiny-cluster"), join(folder, "tiny"), { recursive: true });
  await out(["cluster", "build", "-t", "kubernetes:v1.19.8", "tiny"]);
  mkdirSync(join(folder, "seed"));
  writeFileSync(join(folder, "seed/Kubefile"), "FROM kubernetes:v1.19.8\nCOPY list_nodes.ts plugin\nCOPY more.yaml plugin\n");
  writeFileSync(join(folder, "seed/list_nodes.ts"), readFileSync(join(root, "examples/tiny-cluster/plugins/list_nodes.ts")));
  writeFileSync(
    join(folder, "seed/more.yaml"),
    "apiVersion: sealer.aliyun.com/v1alpha1\nkind: Plugin\nmetadata:\n  name: more_nodes\nspec:\n  type: LIST_NODE\n  action: PostInstall|PostJoin\n  'on': master0\n",
  );
  const digest = await out(["cluster", "build", "-m", "lite", "-t", "kubernetes-post-install:v1.19.8", "seed"]);
  const shown = await out(["inspect", "kubernetes-post-install:v1.19.8"]);
  assert.match(shown, new RegExp(`digest: +${digest}`));
  assert.match(shown, /more_nodes +LIST_NODE +PostInstall, PostJoin +master0 +plugin\/more\.yaml/);
  assert.match(shown, /list_nodes\.so +LIST_NODE +PostInstall/);
  const listed = JSON.parse(await out(["cluster", "images", "-o", "json"])) as { name: string; plugins: number }[];
  assert.deepEqual(
    listed.map(({ name, plugins }) => [name, plugins]),
    [
      ["kubernetes-post-install:v1.19.8", 4],
      ["kubernetes:v1.19.8", 3],
    ],
  );
  const { code, stdout } = await outrigger(["cluster", "lint", "kubernetes-post-install:v1.19.8"]);
  assert.equal(code, 0, stdout);
});

test("a cluster image is pushed, pulled, copied, saved, loaded, signed and verified like any package, with one digest", async (context) => {
  const { folder, out } = bench(context);
  const registry = await startRegistry(context);
  await pushTinyImage(`${registry.host}/tools/app:1`, ["amd64", "arm64"]);
  cpSync(join(root, "examples/tiny-cluster"), join(folder, "tiny"), { recursive: true });
  writeFileSync(join(folder, "tiny/imageList"), `${registry.host}/tools/app:1\n`);
  const name = `${registry.host}/clusters/tiny:1`;
  const digest = await out(["cluster", "build", "-t", name, "--platform", "linux/amd64,linux/arm64", "tiny"]);
  assert.equal(await out(["cluster", "build", "-q", "-t", name, "--platform", "linux/amd64,linux/arm64", "--no-cache", "tiny"]), digest);
  await out(["push", name]);
  await out(["pull", name], "second");
  await out(["save", name, "-o", "tiny.tar"]);
  await out(["load", "-i", "tiny.tar"], "third");
  await out(["copy", `registry:${name}`, "oci:layout:tiny"]);
  await out(["sign", "--generate-key", "key"]);
  await out(["sign", name, "--key", "key"]);
  await out(["verify", name, "--key", "key.pub"]);
  for (const store of ["store", "second", "third"]) {
    const found = JSON.parse(await out(["inspect", `store:${name}`, "-o", "json"], store)) as {
      digest: string;
      clusterImage: { plugins: object[] };
    };
    assert.deepEqual([found.digest, found.clusterImage.plugins.length], [digest, 3], store);
  }
  const skopeo = (...words: readonly string[]): string => execFileSync("skopeo", words, { cwd: folder, encoding: "utf8" });
  assert.match(skopeo("inspect", "--tls-verify=false", "--raw", `docker://${name}`), /dev\.outrigger\.cluster\.kind/);
  skopeo("copy", "--all", "--preserve-digests", "--quiet", "--src-tls-verify=false", `docker://${name}`, "oci:copied:tiny");
  assert.ok(readFileSync(join(folder, "copied/index.json"), "utf8").includes(digest));
  assert.match(await out(["inspect", "oci:copied:tiny"]), /motd +SHELL/);
});

test("what can't be built says so with exit status 2, and leaves nothing", async (context) => {
  const { folder, outrigger, out } = bench(context);
  mkdirSync(join(folder, "bad/plugins"), { recursive: true });
  writeFileSync(join(folder, "bad/Kubefile"), "FROM scratch\nCOPY plugins plugins\n");
  writeFileSync(
    join(folder, "bad/plugins/a.yaml"),
    "kind: Plugin\nmetadata: {name: a}\nspec: {type: SHELL, action: PostInstal, data: fi}\n",
  );
  const built = await outrigger(["cluster", "build", "-t", "bad:1", "bad"]);
  assert.equal(built.code, 2);
  assert.match(built.stderr, /plugins\/a\.yaml:3:\d+: .*PostInstal/);
  assert.match(built.stderr, /scripts\/create\.sh: It is missing/);
  const linted = await outrigger(["cluster", "lint", "bad"]);
  assert.equal(linted.code, 2);
  assert.match(linted.stdout, /error: plugins\/a\.yaml:3/);
  assert.equal(await out(["cluster", "images"]), "None.");
  for (const [words, wanted] of [
    [["cluster", "build", "-t", "a@sha256:00", "bad"], /NAME:TAG; a digest is what comes out/],
    [["cluster", "build", "-t", "a", "--platform", "windows/amd64", "bad"], /is no platform of hosts/],
    [["cluster", "build", "-t", "a", "--label", "novalue", "bad"], /--label can't be "novalue"/],
    [["cluster", "build", "-t", "a", "-f", "Nofile", "bad"], /There is no Nofile/],
  ] as const) {
    const { code, stderr } = await outrigger(words);
    assert.deepEqual([code, wanted.test(stderr)], [2, true], stderr);
  }
});
