import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isOutriggerError } from "@outrigger/plugin";
import { digestOf } from "@outrigger/registry";
import { imageStand } from "./support/image-stand.ts";

const built = "built:1";

/** What a build that fails says, with its problems. */
async function refusal(build: Promise<unknown>): Promise<string> {
  const error: unknown = await build.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isOutriggerError(error), `it was not refused: ${String(error)}`);
  return [error.message, ...error.problems.map(({ file, line, message, hint }) => `${file}:${line}: ${message} ${hint ?? ""}`)].join("\n");
}

test("Sealer 0.8's Kubefile: CMDs add up over images, commas stay, ARGs may stand in one line", async (context) => {
  const { write, build, open, said } = await imageStand(context);
  write({ "mysql.yaml": "{}", "amd64/x": "amd", "arm64/x": "arm" });
  await build("FROM scratch\nARG A=1,B=two\nCOPY mysql.yaml manifests\nCMD kubectl apply -f manifests/mysql.yaml\nCMD echo $A, ${B}\n", {
    names: ["docker.io/library/base:1"],
  });
  assert.ok(said.some((line) => line.includes("line 2: ARG with commas")));
  await build('FROM base:1\nARG A=1,B=two\nENV BOTH=${A}-${B}\nCOPY ${ARCH} bin\nCMD ["kubectl", "get", "pods,nodes", "a b"]\n', {
    args: { B: "zwei" },
  });
  const image = await open(built);
  assert.deepEqual(image.commands, ["kubectl apply -f manifests/mysql.yaml", "echo $A, ${B}", "kubectl get pods,nodes 'a b'"]);
  assert.deepEqual(image.env, { BOTH: "1-zwei" });
});

test("Sealer 0.9's Kubefile: applications, what starts them, labels", async (context) => {
  const { write, build, open, files } = await imageStand(context);
  write({
    "mysql/Chart.yaml": "name: mysql",
    "mysql/values.yaml": "{}",
    "shop.yaml": "{}",
    "setup.sh": "true",
    "flannel.yaml": "{}",
    "odd.txt": "",
  });
  await build(`FROM scratch
APP mysql local://mysql
APP shop local://shop.yaml
APP odd local://odd.txt
APPCMDS odd ["cat odd.txt", "true"]
APPENV odd LEVEL=3 NAME="it's"
APP tools local://setup.sh
CNI flannel local://flannel.yaml
CSI local local://setup.sh
KUBEVERSION 1.22 - 1.24
MAINTAINER somebody
LAUNCH ["mysql", "odd", "shop", "tools"]
`);
  const image = await open(built);
  assert.deepEqual(image.commands, [
    "cd application/apps/mysql && helm upgrade --install mysql .",
    `cd application/apps/odd && export LEVEL=3 && export NAME='it'\\''s' && cat odd.txt`,
    `cd application/apps/odd && export LEVEL=3 && export NAME='it'\\''s' && true`,
    "cd application/apps/shop && kubectl apply -R -f .",
    "cd application/apps/tools && bash setup.sh",
  ]);
  assert.deepEqual(image.labels, {
    "cluster.alpha.sealer.io/kube-cni": "flannel",
    "cluster.alpha.sealer.io/kube-csi": "local",
    "app.alpha.sealer.io/supported-kube-version": "1.22 - 1.24",
  });
  assert.ok((await files(built)).includes('application/apps/shop/shop.yaml "{}"'));
  // Not inherited, as Sealer has it; an application of the image below can be launched.
  await build('FROM built:1\nCMDS ["echo one", "echo two"]\n', { names: ["docker.io/library/two:1"] });
  assert.deepEqual((await open("two:1")).commands, ["echo one", "echo two"]);
  await build("FROM built:1\nAPPENV tools A=1\nLAUNCH tools\n", { names: ["docker.io/library/three:1"] });
  assert.deepEqual((await open("three:1")).commands, ["export A=1 && cd application/apps/tools && bash setup.sh"]);
});

test("a file that is copied to plugins lies in a folder plugins (sealer#1961), plugin and plugins are one (sealer#1541), and both is said", async (context) => {
  const { write, build, open, files, said } = await imageStand(context);
  const document = (name: string): string =>
    `apiVersion: sealer.aliyun.com/v1alpha1\nkind: Plugin\nmetadata: {name: ${name}}\nspec: {type: SHELL, action: PostInstall, data: "true"}\n`;
  write({
    "b.yaml": document("b"),
    "a.yaml": document("a"),
    "shell.yaml": "x",
    "wordpress/Chart.yaml": "name: wordpress",
    "list.txt": "nginx",
  });
  const { platforms } = await build(
    "FROM scratch\nCOPY b.yaml plugins\nCOPY a.yaml plugin\nCOPY shell.yaml etc\nCOPY wordpress charts\nCOPY list.txt manifests/imageList\n",
  );
  const wanted = ["charts/wordpress/Chart.yaml", "etc/shell.yaml", "manifests/imageList", "plugin/a.yaml", "plugins/b.yaml"];
  const found = (await files(built)).map((line) => line.split(" ")[0]);
  assert.deepEqual(
    found.filter((path) => !path?.endsWith("/")).filter((path) => wanted.includes(path ?? "")),
    wanted,
  );
  assert.deepEqual(
    (await open(built)).plugins.map(({ name, origin }) => [name, origin]),
    [
      ["a", { from: "image", image: built, path: "plugin/a.yaml", line: 1 }],
      ["b", { from: "image", image: built, path: "plugins/b.yaml", line: 1 }],
    ],
  );
  assert.equal(said.filter((line) => line.includes("is taken as the folder")).length, 3);
  assert.ok(said.some((line) => line.includes("charts/wordpress/")));
  assert.match(platforms[0]?.findings.map(({ message }) => message).join() ?? "", /both plugin\/ and plugins\//);
});

test("mistakes of a Kubefile are found before anything is done, each at its line", async (context) => {
  const { write, build, store } = await imageStand(context);
  write({ "a.yaml": "", "odd.txt": "" });
  const cases: Readonly<Record<string, RegExp>> = {
    "COPY a.yaml plugins\n": /Kubefile:1: COPY stands before FROM/,
    "ARG A=1\n": /Kubefile:1: There is no FROM/,
    "FROM scratch\nLAUCH x\nVOLUME /x\n": /Kubefile:2: .*LAUCH\. Did you mean LAUNCH\?\n.*Kubefile:3: There is no instruction VOLUME/,
    'FROM scratch\nCMD a\nCMD b\nCMDS ["c"]\n': /Kubefile:4: CMDS stands beside the CMD of line 3/,
    'FROM scratch\nLAUNCH ["web"]\n': /Kubefile:2: There is no application web; known here: none/,
    "FROM scratch\nCMDS [\"a\", 'b']\n": /Kubefile:2: CMDS has a list that can't be read/,
    'FROM scratch\nCMD ["echo a", "echo b"]\n': /Kubefile:2: "echo a" is no program.* CMDS/,
    "FROM scratch\nAPP odd local://odd.txt\nLAUNCH odd\n": /Kubefile:2: Nothing says how odd is started/,
    "FROM scratch\nAPP ../../x local://odd.txt\n": /Kubefile:2: "\.\.\/\.\.\/x" is no name/,
    "FROM scratch\nAPP x odd.txt\n": /Kubefile:2: odd\.txt is neither local/,
    "FROM scratch\nCOPY missing.yaml plugins\n": /Kubefile:2: COPY: there is no missing\.yaml/,
    "FROM scratch\nCOPY https://git.example/tools/x.git plugins/\n": /Kubefile:2: .* is a git repository/,
    "FROM scratch\nCOPY <<EOF etc/x\nhello\nEOF\n": /Kubefile:2: A Kubefile can't have COPY of a heredoc/,
    "FROM scratch\nCOPY --checksum=sha256:00 https://x.example/a a\n": /Kubefile:2: --checksum belongs to one address/,
    "FROM missing:9\n": /has no missing:9/,
  };
  for (const [kubefile, wanted] of Object.entries(cases)) assert.match(await refusal(build(kubefile)), wanted, kubefile);
  assert.deepEqual(await store.list(), []);
});

test("nothing of the machine gets into an image: .., links out of the context, credentials beside it", async (context) => {
  const { write, build, files, context: folder } = await imageStand(context);
  write({ "kept.txt": "kept", "imageListWithAuth.yaml": "- {registry: x, username: u, password: secret, images: []}" });
  symlinkSync("/etc/passwd", join(folder, "passwd"));
  symlinkSync("../../..", join(folder, "up"));
  assert.match(await refusal(build("FROM scratch\nCOPY ../../../../etc/passwd etc/\n")), /there is no/);
  assert.match(await refusal(build("FROM scratch\nCOPY passwd etc/passwd\n")), /there is no passwd/);
  assert.match(await refusal(build("FROM scratch\nCOPY up/etc etc\n")), /there is no up\/etc/);
  await build("FROM scratch\nCOPY . ./\nCOPY kept.txt ../../outside.txt\n");
  const lines = await files(built);
  assert.ok(
    lines.some((line) => line.startsWith("passwd symlink 777 0:0 0 -> /etc/passwd")),
    "a link that is copied stays a link",
  );
  assert.ok(lines.includes('outside.txt "kept"'));
  assert.ok(!lines.some((line) => line.includes("secret") || line.startsWith("imageListWithAuth")));
});

test("files of an address come by name, checked where a checksum is given", async (context: TestContext) => {
  const server = createServer((request, response) => {
    if (request.url === "/gone") response.writeHead(404).end();
    else response.end("from afar");
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  context.after(() => server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { build, files, said } = await imageStand(context);
  await build(
    `FROM scratch\nCOPY ${address}/dir/a.yaml?token=secret plugin-data/\nCOPY --checksum=${digestOf("from afar")} ${address}/b manifests\nADD ${address}/c renamed\n`,
  );
  assert.deepEqual(
    (await files(built)).filter((line) => !line.endsWith("/")),
    ['manifests/b "from afar"', 'plugin-data/a.yaml "from afar"', 'renamed "from afar"'],
  );
  assert.ok(said.every((line) => !line.includes("secret")));
  assert.equal(said.filter((line) => line.includes("without --checksum")).length, 2);
  assert.match(
    await refusal(build(`FROM scratch\nCOPY --checksum=${digestOf("other")} ${address}/b manifests\n`)),
    /is sha256:.*, not sha256:/,
  );
  assert.match(await refusal(build(`FROM scratch\nCOPY ${address}/gone manifests\n`)), /answered 404/);
});

test("the same files give the same digest, layers of the image below are kept, and each instruction has its own", async (context) => {
  const [one, other] = [await imageStand(context), await imageStand(context)];
  for (const stand of [one, other]) stand.write({ "a.yaml": "a", "b/c": "c", "plugins/x.txt": "x" });
  const kubefile = "FROM scratch\nCOPY a.yaml etc\nCOPY b b\nENV A=1 B=2\nCOPY plugins plugins\n";
  const [first, second] = [await one.build(kubefile), await other.build(kubefile)];
  assert.equal(first.descriptor.digest, second.descriptor.digest);
  const layers = async (digest: string): Promise<readonly string[]> =>
    (JSON.parse(Buffer.from((await one.store.manifest(digest)).bytes).toString()) as { layers: { digest: string }[] }).layers.map(
      (each) => each.digest,
    );
  const below = await layers(first.descriptor.digest);
  assert.equal(below.length, 3);
  const above = await one.build("FROM built:1\nCOPY a.yaml more/\n", { names: ["docker.io/library/more:1"] });
  assert.deepEqual((await layers(above.descriptor.digest)).slice(0, 3), below);
  one.write({ "plugins/x.txt": "y" });
  const changed = await layers((await one.build(kubefile)).descriptor.digest);
  assert.deepEqual(changed.slice(0, 2), below.slice(0, 2));
  assert.notEqual(changed[2], below[2]);
});

test("several platforms are one image: an index, with each its own files and the same plug-ins", async (context) => {
  const { write, build, open, store } = await imageStand(context);
  write({ "amd64/x": "amd", "arm64/x": "arm" });
  const platforms = [
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64" },
  ];
  await build("FROM scratch\nCOPY ${ARCH}/x etc/x\n", { platforms, names: ["docker.io/library/base:1"] });
  await build("FROM base:1\nARG TARGETARCH\nCOPY ${TARGETARCH}/x etc/y\n", { platforms });
  const image = await open(built);
  assert.deepEqual(image.platforms, platforms);
  for (const platform of platforms) {
    const tree = await image.rootfs(platform);
    const texts = await Promise.all(
      tree.entries
        .filter(({ kind }) => kind === "file")
        .map(async (entry) => Buffer.concat(await Array.fromAsync(tree.content(entry))).toString()),
    );
    assert.deepEqual(texts, [platform.architecture.slice(0, 3), platform.architecture.slice(0, 3)]);
  }
  await assert.rejects(
    image.rootfs({ os: "linux", architecture: "s390x" }),
    /is not there for linux\/s390x; it is for linux\/amd64, linux\/arm64/,
  );
  assert.equal((await store.list()).length, 2);
  write({
    "amd64/p.yaml": "kind: Plugin\nmetadata: {name: p}\nspec: {type: SHELL, action: PreInit, data: a}\n",
    "arm64/p.yaml": "kind: Plugin\nmetadata: {name: p}\nspec: {type: SHELL, action: PreInit, data: b}\n",
  });
  assert.match(await refusal(build("FROM scratch\nCOPY ${ARCH}/p.yaml plugins/\n", { platforms })), /differ between platforms/);
});
