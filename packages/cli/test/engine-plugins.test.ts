import assert from "node:assert/strict";
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createPluginSource, createTraceStore, type EnginePluginSource, startControl } from "@outrigger/engine";
import { folderWith, outrigger, type Ran } from "./run-outrigger.ts";

const manifest = (version: string): string => `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: labeler, version: ${version} }
spec:
  layer: engine
  engine: { entry: index.ts, hooks: [container.preCreate], privileges: { change: [body.Labels.*] } }
  config: [{ group: who, items: [{ name: TEAM, default: nobody }] }]
`;
const code = `import { defineEnginePlugin, refuse } from "@outrigger/sdk";
export default defineEnginePlugin({ name: "labeler", hooks: { "container.preCreate": (input, { settings }) => {
  if (input.body.Image === "bad") throw refuse({ message: "No bad images.", code: "bad", hint: "Use a good one." });
  return { ...input, body: { ...input.body, Labels: { team: String(settings["who"]?.["TEAM"]) } } };
} } });
`;

interface Place {
  readonly path: string;
  readonly run: (...words: readonly string[]) => Promise<Ran>;
}

function place(context: TestContext): Place {
  const folder = folderWith({
    "labeler/plugin.yaml": manifest("1.0.0"),
    "labeler/index.ts": code,
    "next/plugin.yaml": manifest("2.0.0"),
    "next/index.ts": code,
  });
  context.after(() => folder[Symbol.dispose]());
  chmodSync(folder.path, 0o711); // users of plug-ins go through it
  const env = { OUTRIGGER_ENGINE_PLUGINS: join(folder.path, "plugins"), OUTRIGGER_ENGINE_STATE: join(folder.path, "state"), NO_COLOR: "1" };
  return { path: folder.path, run: (...words) => outrigger(["engine", ...words], { cwd: folder.path, env }) };
}

async function gateway(context: TestContext, path: string): Promise<EnginePluginSource> {
  const traces = createTraceStore({ record: join(path, "recorded") });
  const state = join(path, "state");
  const source = await createPluginSource({ folder: join(path, "plugins"), state, traces, watch: false });
  const control = await startControl({ socket: join(state, "control.sock"), source, traces });
  context.after(async () => {
    await control.close();
    await source.close(0);
  });
  const signal = new AbortController().signal;
  for (const image of ["good", "bad"]) {
    traces.begin({ id: image, method: "POST", target: "/containers/create" });
    const input = { name: null, platform: null, body: { Image: image, Env: ["KEY=s3cret"] } };
    const call = { requestId: image, client: null, apiVersion: "1.41", door: "create", signal } as const;
    await source
      .current()
      .change("container.preCreate", input, call)
      .then(
        () => traces.end(image, 201),
        () => traces.end(image, 403),
      );
  }
  return source;
}

test("a plug-in is installed, looked at, upgraded and rolled back while the gateway runs, and traces tell what it did", async (context) => {
  const { path, run } = place(context);
  const refused = await run("plugins", "install", "labeler");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /asks for privileges that are not granted: change:body\.Labels\.\*, hook:container\.preCreate/);
  const installed = await run("plugins", "install", "labeler", "--grant", "all", "--set", "who.TEAM=blue");
  assert.deepEqual([installed.code, installed.stdout], [0, ""], installed.stderr);
  assert.match(installed.stderr, /No gateway runs; it counts from its next start/);

  const source = await gateway(context, path);
  assert.match((await run("plugins")).stdout, /^PLUGIN .*\nlabeler +1\.0\.0 +healthy +process +container\.preCreate$/m);
  assert.match((await run("plugins", "configure", "labeler", "--set", "who.TEAM=red")).stderr, /The gateway runs it/);
  assert.match((await run("plugins", "upgrade", "next")).stderr, /goes from 1\.0\.0 to 2\.0\.0.*\nThe gateway runs it/);
  assert.equal((await source.status()).plugins[0]?.version, "2.0.0");
  assert.match((await run("plugins", "rollback", "labeler")).stderr, /goes from 2\.0\.0 to 1\.0\.0.*\nThe gateway runs it/);
  const inspected = JSON.parse((await run("plugins", "inspect", "labeler", "-o", "json")).stdout) as {
    readonly state: string;
    readonly grants: string;
  };
  assert.deepEqual([inspected.state, inspected.grants], ["healthy", "all"]);

  const [list, one, why, missing] = await Promise.all([run("trace"), run("trace", "good"), run("explain", "bad"), run("explain", "none")]);
  assert.match(list.stdout, /good {2}- {2}POST \/containers\/create {2}201 .*labeler changed\n.*bad .*403 .*labeler refused/);
  assert.match(one.stdout, /labeler@1\.0\.0 container\.preCreate: changed .*\n {4}\+ \/body\/Labels \{"team":"blue"\}/);
  assert.match(why.stdout, /labeler@1\.0\.0 refused it at container\.preCreate: No bad images\.\nCode: bad\nHint: Use a good one\./);
  assert.deepEqual([missing.code, /There is no trace/.test(missing.stderr)], [2, true]);
  assert.doesNotMatch(list.stdout + one.stdout + why.stdout + (await run("trace", "-o", "json")).stdout, /s3cret/);

  const recorded = readdirSync(join(path, "recorded")).sort();
  const played = await run("replay", join("recorded", recorded[0] ?? ""));
  assert.match(played.stdout, /changed .*\n {4}\+ \/body\/Labels \{"team":"red"\}\nOutput: /);
  assert.equal((await run("replay", join("recorded", recorded[1] ?? ""))).code, 1);

  assert.match((await run("plugins", "disable", "labeler")).stderr, /The gateway runs it/);
  assert.ok(!source.current().wants("container.preCreate"));
});

test("a verb whose outcome the gateway can't run says why, and the old set goes on", async (context) => {
  const { path, run } = place(context);
  await run("plugins", "install", "labeler", "--grant", "all");
  const source = await gateway(context, path);
  const broken = folderWith({ "plugin.yaml": manifest("3.0.0"), "index.ts": "nonsense(" });
  context.after(() => broken[Symbol.dispose]());
  const { code: exit, stderr } = await run("plugins", "upgrade", broken.path);
  assert.equal(exit, 2);
  assert.match(stderr, /the gateway goes on with what ran before: labeler@3\.0\.0 did not start: it ended with code 1/);
  assert.equal((await source.status()).plugins[0]?.version, "1.0.0");
  assert.match((await run("plugins")).stderr, /the gateway goes on with what ran before/);
});

test("without a gateway, what needs one says so", async (context) => {
  const { run } = place(context);
  const { code: exit, stderr } = await run("trace");
  assert.equal(exit, 1);
  assert.match(stderr, /No gateway answers at .*control\.sock/);
});
