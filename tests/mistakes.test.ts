import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { engineObjects } from "../scripts/engine-objects.ts";
import { tinyImage } from "./support/images.ts";
import { freePort, type Sandbox, sandbox } from "./support/sandbox.ts";

/** Each mistake: a clear error, the right exit code, and nothing half-done on the engine. */
async function refused(box: Sandbox, words: readonly string[], code: number, ...says: readonly RegExp[]): Promise<void> {
  const { code: exit, stdout, stderr } = await box.run(...words);
  assert.equal(exit, code, `exit code of ${words.join(" ")}: ${stdout}${stderr}`);
  for (const text of says) assert.match(stderr + stdout, text);
  assert.doesNotMatch(stderr, /\n\s+at .*\.ts:\d+/, "a stack trace");
}

function application(name: string, component: string): string {
  return `apiVersion: outrigger.dev/v1\nkind: Application\nmetadata: { name: ${name} }\nspec:\n  components:\n    - { name: web, ${component} }\n`;
}

function plugin(name: string, pod: string, config = "[]"): string {
  return `apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: ${name}, version: 1.0.0 }\nspec:\n  layer: pod\n  pod: { ${pod} }\n  config: ${config}\n`;
}

test("malformed YAML", async (context) => {
  const box = sandbox(context);
  const file = box.write("app.yaml", "apiVersion: outrigger.dev/v1\nkind: [Application\n");
  await refused(box, ["up", "-f", file], 2, /app\.yaml:\d+:\d+/, /not YAML/);
});

test("an unknown key", async (context) => {
  const box = sandbox(context);
  const file = box.write("app.yaml", application(box.prefix, 'image: "x", port: []'));
  await refused(box, ["up", "-f", file], 2, /app\.yaml:6:\d+: .*"port"/, /Did you mean "ports"/);
});

test("a value outside its options", async (context) => {
  const box = sandbox(context);
  box.write(
    "plugins/pick/plugin.yaml",
    plugin("pick", "type: general, source: { image: x }", "[{ group: g, items: [{ name: FORMAT, type: single, options: [json, text] }] }]"),
  );
  const file = box.write(
    "app.yaml",
    application(box.prefix, 'image: "x", plugins: [{ plugin: pick@1.0.0, values: { g: { FORMAT: xml } } }]'),
  );
  await refused(box, ["up", "-f", file], 2, /app\.yaml:6:\d+: .*FORMAT/, /json, text/);
});

test("a Dockerfile that fails", async (context) => {
  const box = sandbox(context);
  const image = await tinyImage();
  box.write("Dockerfile", `FROM ${image}\nRUN echo about to fail && exit 7\n`);
  const file = box.write("app.yaml", application(box.prefix, "build: { context: . }"));
  await refused(box, ["up", "-f", file], 1, /about to fail/, /exit|returned a non-zero code: 7/);
  assert.deepEqual(await engineObjects(`outrigger.default.${box.prefix}`), []);
});

test("an image that does not exist", async (context) => {
  const box = sandbox(context);
  const file = box.write("app.yaml", application(box.prefix, 'image: "localhost:1/no/such:1"'));
  await refused(box, ["up", "-f", file, "--timeout", "20"], 1, /localhost:1\/no\/such:1/);
});

test("a port already taken", async (context) => {
  const box = sandbox(context);
  const image = await tinyImage();
  const port = await freePort();
  const taken = createServer().listen(port, "127.0.0.1");
  context.after(() => taken.close());
  const file = box.write(
    "app.yaml",
    application(box.prefix, `image: "${image}", command: [sleep, "1000"], ports: [{ port: 80, publish: ${port} }]`),
  );
  await refused(box, ["up", "-f", file, "--timeout", "15"], 1, new RegExp(`127\\.0\\.0\\.1:${port}`));
});

test("an engine that is down", async (context) => {
  const box = sandbox(context);
  const file = box.write("app.yaml", application(box.prefix, 'image: "x"'));
  const { code, stderr } = await box.runWith({ DOCKER_HOST: "unix:///nowhere/docker.sock" }, "up", "-f", file, "--timeout", "10");
  assert.equal(code, 1, stderr);
  assert.match(stderr, /\/nowhere\/docker\.sock/);
});

test("two plug-ins that conflict", async (context) => {
  const box = sandbox(context);
  const image = await tinyImage();
  for (const name of ["gate", "wall"])
    box.write(`plugins/${name}/plugin.yaml`, plugin(name, `type: ingress, source: { image: "${image}" }`));
  const file = box.write(
    "app.yaml",
    application(
      box.prefix,
      `image: "${image}", ports: [{ port: 80, protocol: http }], plugins: [{ plugin: gate@1.0.0 }, { plugin: wall@1.0.0 }]`,
    ),
  );
  await refused(box, ["up", "-f", file], 2, /wall and gate both take over/, /before|after/);
  assert.deepEqual(await engineObjects(`outrigger.default.${box.prefix}`), []);
});

test("changing a fixed version", async (context) => {
  const box = sandbox(context);
  const image = await tinyImage();
  const manifest = plugin("once", `type: general, source: { image: "${image}" }, command: [sleep, "1000"]`);
  const path = box.write("plugins/once/plugin.yaml", manifest);
  const file = box.write(
    "app.yaml",
    application(box.prefix, `image: "${image}", command: [sleep, "1000"], plugins: [{ plugin: once@1.0.0 }]`),
  );
  const up = await box.run("up", "-f", file, "--timeout", "60");
  assert.equal(up.code, 0, up.stdout + up.stderr);
  box.write("plugins/once/plugin.yaml", manifest.replace("1000", "2000"));
  await refused(box, ["up", "-f", file], 2, /once@1\.0\.0/, /fixed/, /metadata\.version/);
  await refused(box, ["plugin", "create", path], 2, /fixed/);
});
