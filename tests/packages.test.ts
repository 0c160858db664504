import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execute, root } from "./support/sandbox.ts";

test("the packages that `npm run build` makes install into an empty folder, and the command runs there", {
  timeout: 300_000,
}, async (context) => {
  const built = join(root, "dist", "packages");
  if (!existsSync(built)) assert.equal((await execute("npm", ["run", "build"], root)).code, 0);
  const folder = mkdtempSync(join(tmpdir(), "outrigger-install-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');

  const rooms = readdirSync(built).map((room) => join(built, room));
  const packed = await execute("npm", ["pack", "--silent", "--pack-destination", folder, ...rooms], folder);
  assert.equal(packed.code, 0, packed.stderr);
  const archives = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  const installed = await execute("npm", ["install", "--no-audit", "--no-fund", ...archives.map((name) => `./${name}`)], folder);
  assert.equal(installed.code, 0, installed.stderr);

  const program = join(folder, "node_modules", ".bin", "outrigger");
  const version = await execute(program, ["--version"], folder);
  assert.deepEqual([version.code, version.stdout.trim()], [0, "0.1.0"], version.stderr);
  const created = await execute(program, ["plugin", "init", "mine", "--type", "general"], folder);
  assert.equal(created.code, 0, created.stderr);
  const valid = await execute(program, ["plugin", "validate", "plugins/mine/plugin.yaml"], folder);
  assert.equal(valid.code, 0, valid.stdout + valid.stderr);
  const example = join(root, "examples", "log-collection", "app.yaml");
  const rendered = await execute(program, ["render", "-f", example, "-o", "json"], folder);
  assert.equal(rendered.code, 0, rendered.stderr);
  assert.match(rendered.stdout, /"log-collector"/, "the catalogue comes with the package");
  assert.ok(existsSync(join(folder, "node_modules", "@outrigger", "plugin", "lib", "index.d.ts")), "types come with the package");

  const plugins = join(folder, "engine-plugins");
  const labeler = await execute(
    program,
    ["engine", "plugins", "install", join(root, "plugins", "labeler"), "--grant", "all", "--plugins", plugins],
    folder,
  );
  assert.equal(labeler.code, 0, labeler.stdout + labeler.stderr);
  const call = {
    hook: "container.preCreate",
    facts: { requestId: "1", client: null, apiVersion: "1.41", door: "create" },
    input: { name: null, platform: null, body: {} },
  };
  writeFileSync(join(folder, "call.json"), JSON.stringify(call));
  const replayed = await execute(program, ["engine", "replay", "call.json", "--plugins", plugins, "-o", "json"], folder);
  assert.match(replayed.stdout, /"changed"/, `a plug-in's process runs from the package: ${replayed.stderr}`);
  const runtime = await execute(program, ["engine", "install-runtime", "--daemon-json", join(folder, "daemon.json")], folder);
  assert.match(runtime.stdout, /outrigger-runc/, runtime.stderr);

  const driver = join(root, "tests", "fixtures", "volume-driver");
  const words = ["driver", "build", driver, "-t", "packed/volume:1"];
  const made = await execute(program, words, folder, { OUTRIGGER_PACKAGES: join(folder, "store") });
  assert.match(made.stdout, /^packed\/volume:1 sha256:/, `modules are bundled by the package's own esbuild: ${made.stderr}`);
});
