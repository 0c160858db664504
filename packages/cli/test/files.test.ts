import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Problem } from "@outrigger/plugin";
import type { Pod } from "@outrigger/pod";
import { templateTypes } from "../src/plugin-template.ts";
import { folderWith, outrigger } from "./run-outrigger.ts";

const pluginYaml = `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: shipper, version: 1.0.0 }
spec:
  layer: pod
  pod: { type: general, source: { image: "shipper:1" } }
  config:
    - group: sink
      items:
        - { name: HOST, required: true }
        - { name: FORMAT, type: single, options: [json, text], default: json }
        - { name: TOKEN, type: secret }
`;
const appYaml = `apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: shop }
spec:
  components:
    - name: web
      image: web:1
      env: { GREETING: hello }
      plugins:
        - plugin: shipper@1.0.0
          values:
            sink: { HOST: logs, TOKEN: { fromEnv: SHOP_TOKEN } }
`;

test("validate gives one object per mistake, for all files together, with place, code and hint", async () => {
  using folder = folderWith({
    "plugins/shipper/plugin.yaml": pluginYaml,
    "app.yaml": appYaml.replace("HOST: logs", "HSOT: logs, FORMAT: xml"),
    "bad.yaml": pluginYaml.replace("required: true", "requird: true"),
    "broken.yaml": "a: [1\n",
  });
  const { code, stdout } = await outrigger(["plugin", "validate", "app.yaml", "bad.yaml", "broken.yaml", "none.yaml", "-o", "json"], {
    cwd: folder.path,
  });
  assert.equal(code, 2);
  const problems = JSON.parse(stdout) as Problem[];
  const seen = problems.map(({ file, line, code: kind, path }) => [file, line, kind, path]);
  assert.deepEqual(seen, [
    ["app.yaml", 12, "value-required", "spec.components[0].plugins[0].values.sink.HOST"],
    ["app.yaml", 12, "unknown-key", "spec.components[0].plugins[0].values.sink.HSOT"],
    ["app.yaml", 12, "wrong-value", "spec.components[0].plugins[0].values.sink.FORMAT"],
    ["bad.yaml", 10, "unknown-key", "spec.config[0].items[0].requird"],
    ["broken.yaml", 2, "yaml-syntax", ""],
    ["none.yaml", 0, "unknown-reference", ""],
  ]);
  assert.equal(problems[1]?.hint, 'Did you mean "HOST"?');
  assert.ok(problems.every(({ column, message }) => typeof column === "number" && message !== ""));
});

test("without mistakes validate ends with 0, in words and as an empty list", async () => {
  using folder = folderWith({ "plugin.yaml": pluginYaml });
  assert.deepEqual(await outrigger(["plugin", "validate", "plugin.yaml"], { cwd: folder.path }), {
    code: 0,
    stdout: "plugin.yaml: no mistakes.\n",
    stderr: "",
  });
  assert.equal((await outrigger(["plugin", "validate", "plugin.yaml", "-o", "json"], { cwd: folder.path })).stdout, "[]\n");
});

test("mistakes in words name file:line:column, without a stack trace and, in a pipe, without colours", async () => {
  using folder = folderWith({ "app.yaml": appYaml.replace("shipper@1.0.0", "shiper@1.0.0") });
  const { code, stderr } = await outrigger(["render", "-f", "app.yaml"], { cwd: folder.path });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: app\.yaml has 1 mistake\.\n {2}app\.yaml:10:19: spec\.components\[0\]\.plugins\[0\]\.plugin: There is no plug-in shiper@1\.0\.0/,
  );
  assert.equal(stripVTControlCharacters(stderr), stderr);
  assert.doesNotMatch(stderr, /\n +at /);
});

test("render --pods prints what runtimes get, and never the text of a secret", async () => {
  using folder = folderWith({ "plugins/shipper/plugin.yaml": pluginYaml, "app.yaml": appYaml });
  const { code, stdout, stderr } = await outrigger(["render", "--pods", "-o", "json"], { cwd: folder.path, env: { SHOP_TOKEN: "hush" } });
  assert.equal(code, 0, stderr);
  const pods = JSON.parse(stdout) as Pod[];
  assert.deepEqual(
    pods[0]?.containers.map(({ name, image, env }) => [name, image, env.map((variable) => variable.name)]),
    [
      ["web", "web:1", ["GREETING"]],
      ["shipper", "shipper:1", ["FORMAT", "GREETING", "HOST", "TOKEN"]],
    ],
  );
  assert.doesNotMatch(stdout, /hush/);
});

test("render prints Kubernetes objects; the same file gives the same text", async () => {
  using folder = folderWith({ "plugins/shipper/plugin.yaml": pluginYaml, "app.yaml": appYaml });
  const [one, other] = await Promise.all([outrigger(["render"], { cwd: folder.path }), outrigger(["render"], { cwd: folder.path })]);
  assert.equal(one.code, 0, one.stderr);
  assert.equal(one.stdout, other.stdout);
  assert.match(one.stdout, /^kind: Pod$/m);
  assert.match(one.stdout, /secretKeyRef/);
  const list = JSON.parse((await outrigger(["render", "-o", "json"], { cwd: folder.path })).stdout) as {
    kind: string;
    items: { kind: string }[];
  };
  assert.equal(list.kind, "List");
  assert.ok(list.items.some(({ kind }) => kind === "Pod"));
});

test("up refuses a wrong file, and a secret that is not there, before it starts any server", async () => {
  using folder = folderWith({
    "plugins/shipper/plugin.yaml": pluginYaml,
    "app.yaml": appYaml,
    "wrong.yaml": appYaml.replace("image: web:1", "imgae: web:1"),
  });
  const folders = { OUTRIGGER_DATA_DIR: join(folder.path, "data"), OUTRIGGER_STATE_DIR: join(folder.path, "state") };
  const unset = await outrigger(["up"], { cwd: folder.path, env: folders });
  assert.equal(unset.code, 2);
  assert.match(unset.stderr, /app\.yaml:12:\d+: .*TOKEN: The variable SHOP_TOKEN is not set\./);
  const wrong = await outrigger(["up", "-f", "wrong.yaml"], { cwd: folder.path, env: folders });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /wrong\.yaml:7:7: .*imgae.*\n.*Did you mean "image"\?/);
  assert.deepEqual((await outrigger(["get", "applications"], { env: folders })).code, 1);
});

test("commands that need a server say how to get one; a token has no option of its own", async () => {
  using folder = folderWith();
  const none = await outrigger(["get", "components"], { env: { OUTRIGGER_DATA_DIR: folder.path } });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /No server runs on this machine.*\n.*outrigger server --detach/);
  const far = await outrigger(["get", "components", "--server", "http://127.0.0.1:9"], { env: { OUTRIGGER_DATA_DIR: folder.path } });
  assert.equal(far.code, 1);
  assert.match(far.stderr, /There is no token for the server/);
  const dead = await outrigger(["get", "components", "--server", "http://127.0.0.1:9"], { env: { OUTRIGGER_TOKEN: "t" } });
  assert.equal(dead.code, 1);
  assert.match(dead.stderr, /does not answer/);
  const nonsense = await outrigger(["get", "components", "--server", "somewhere"], { env: { OUTRIGGER_TOKEN: "t" } });
  assert.equal(nonsense.code, 2);
});

for (const type of templateTypes) {
  test(`a new ${type} plug-in is valid, and is never written over`, async () => {
    using folder = folderWith();
    const made = await outrigger(["plugin", "init", "my-plugin", "--type", type], { cwd: folder.path });
    assert.equal(made.code, 0, made.stderr);
    const file = "plugins/my-plugin/plugin.yaml";
    assert.equal((await outrigger(["plugin", "validate", file], { cwd: folder.path })).code, 0);
    const schema = JSON.parse(readFileSync(join(folder.path, "plugins/my-plugin/plugin.schema.json"), "utf8")) as object;
    assert.match(readFileSync(join(folder.path, file), "utf8"), /^# yaml-language-server: \$schema=\.\/plugin\.schema\.json\n/);
    assert.ok("title" in schema);
    const again = await outrigger(["plugin", "init", "my-plugin", "--type", type], { cwd: folder.path });
    assert.equal(again.code, 2);
    assert.match(again.stderr, /exists already/);
  });
}

test("a name that no plug-in can have is refused before anything is written", async () => {
  using folder = folderWith();
  const { code, stderr } = await outrigger(["plugin", "init", "My_Plugin"], { cwd: folder.path });
  assert.equal(code, 2);
  assert.match(stderr, /metadata\.name/);
});
