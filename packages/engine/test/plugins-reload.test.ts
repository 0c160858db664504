import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { aCall, pluginFolder } from "./plugin-folder.ts";

const code = (mark: string, wait = 0): string => `
export default { name: "marker", hooks: { "container.preCreate": async (input) => {
  await new Promise((resolve) => setTimeout(resolve, ${wait}));
  return { ...input, body: { ...input.body, Hostname: ${JSON.stringify(mark)} } };
} } };`;
const engine = { hooks: ["container.preCreate"], privileges: { change: ["body.Hostname"] } };
const create = { name: null, platform: null, body: {} };

for (const isolation of ["process", "worker", "inline"]) {
  test(`while plug-ins (${isolation}) are replaced under load no call is lost, and calls under way end on the old version`, async (context) => {
    const files = pluginFolder(context);
    files.plugin("marker", { ...engine, isolation }, code("1", 20));
    files.settings({ plugin: "marker", grants: "all" });
    const source = await files.open();
    let ending = false;
    const seen = new Set<string>();
    const client = async (): Promise<void> => {
      while (!ending) {
        const lease = source.lease();
        const { input } = await lease.dispatcher.change("container.preCreate", create, aCall({ door: "create" }));
        seen.add(String(input.body.Hostname));
        lease.release();
      }
    };
    const clients = Array.from({ length: 8 }, client);
    const held = source.lease();
    for (const mark of ["2", "3"]) {
      files.plugin("marker", { ...engine, isolation }, code(mark, 20), `${mark}.0.0`);
      assert.deepEqual((await source.reload()).message, undefined);
      await sleep(100);
    }
    const old = await held.dispatcher.change("container.preCreate", create, aCall({ door: "create" }));
    assert.equal(old.input.body.Hostname, "1", "a lease keeps its version alive");
    held.release();
    ending = true;
    await Promise.all(clients);
    assert.deepEqual([...seen].toSorted(), ["1", "2", "3"]);
    assert.equal((await source.status()).plugins[0]?.version, "3.0.0");
  });
}

test("a bad settings.yaml, a plug-in that does not start, a missing grant: what runs goes on, and the reason is told", async (context) => {
  const files = pluginFolder(context);
  files.plugin("marker", engine, code("1"));
  files.settings({ plugin: "marker", grants: "all" });
  const source = await files.open();
  const hostname = async (): Promise<unknown> =>
    (await source.current().change("container.preCreate", create, aCall({ door: "create" }))).input.body.Hostname;
  const pid = (await source.status()).plugins[0]?.pid;
  const refused = async (message: RegExp): Promise<void> => {
    const outcome = await source.reload();
    assert.equal(outcome.ok, false);
    assert.match([outcome.message, ...(outcome.problems ?? []).map((problem) => problem.message)].join("\n"), message);
    assert.equal(await hostname(), "1");
    const status = await source.status();
    assert.equal(status.plugins.find(({ plugin }) => plugin === "marker")?.pid, pid);
    assert.deepEqual(status.reload, outcome);
  };
  files.write("settings.yaml", "apiVersion: outrigger.dev/v1\nkind: EngineSettings\nplugins: [{plugin: marker, grant: all}]\n");
  await refused(/There is no key "grant" here/);
  files.settings({ plugin: "marker", grants: ["hook:container.preCreate"] });
  await refused(/asks for privileges that are not granted: change:body\.Hostname/);
  files.settings({ plugin: "marker", grants: "all" }, { plugin: "other" });
  await refused(/There is no folder of a plug-in other here/);
  files.plugin("other", { hooks: ["container.preCreate"], after: ["marker"] }, code("2"));
  files.settings({ plugin: "marker", grants: "all", after: ["other"] }, { plugin: "other", grants: "all" });
  await refused(/go round in a circle: marker, other/);
  files.settings({ plugin: "marker", grants: "all" }, { plugin: "other", grants: "all" });
  await refused(/other@1\.0\.0 did not start: it calls itself marker/);
  files.write("other/index.ts", "this is no program");
  await refused(/other@1\.0\.0 did not start: it ended with code 1/);
  files.write("marker/index.ts", code("3"));
  await refused(/other@1\.0\.0 did not start/);
  rmSync(`${files.folder}/other`, { recursive: true });
  files.settings({ plugin: "marker", grants: "all" });
  assert.equal((await source.reload()).ok, true);
  assert.equal(await hostname(), "3");
  while (existsSync(`/proc/${pid}`)) await sleep(50);
});

test("a gateway does not start with a plug-in that must run and does not; with one that need not it does, and has it later", async (context) => {
  const files = pluginFolder(context);
  files.plugin("marker", engine, 'import "node:fs"; import { nothing } from "./not-there.ts";');
  files.settings({ plugin: "marker", grants: "all" });
  await assert.rejects(files.open(), { code: "plugin-start-failed" });
  files.settings({ plugin: "marker", grants: "all", failPolicy: { "container.preCreate": "open" } });
  const source = await files.open();
  assert.equal((await source.status()).plugins[0]?.state, "failing");
  assert.deepEqual((await source.current().change("container.preCreate", create, aCall({ door: "create" }))).changedBy, []);
});

test("the folder is watched: a plug-in put into it runs without anybody asking", async (context) => {
  const files = pluginFolder(context);
  const { promise: changed, resolve } = Promise.withResolvers<void>();
  const source = await files.open({ watch: true, changed: resolve });
  assert.ok(!source.current().wants("container.preCreate"));
  files.plugin("marker", { ...engine, isolation: "inline" }, code("1"));
  files.settings({ plugin: "marker", grants: "all" });
  await changed;
  while (!source.current().wants("container.preCreate")) await sleep(50);
});
