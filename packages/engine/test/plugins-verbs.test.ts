import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createEnginePluginHost, type EnginePluginHost } from "../src/index.ts";
import { type PluginFolder, pluginFolder } from "./plugin-folder.ts";

const engine = { isolation: "inline", hooks: ["container.preCreate"], privileges: { change: ["body.Labels.*"] } };
const code = 'export default { name: "one", hooks: { "container.preCreate": () => undefined } };';
const request = { plugin: "one", version: "1.0.0", target: "engine", values: {}, grants: ["all"] };

/** A folder with plug-ins to install from, and a host of an empty one. */
function place(context: Parameters<typeof pluginFolder>[0]): {
  readonly files: PluginFolder;
  readonly from: PluginFolder;
  readonly host: EnginePluginHost;
} {
  const [files, from] = [pluginFolder(context), pluginFolder(context)];
  from.plugin("one", engine, code);
  const host = createEnginePluginHost({ folder: files.folder, state: files.state, locate: async () => join(from.folder, "one") });
  return { files, from, host };
}

test("install, configure, order, disable, enable and uninstall write what they say, and keep comments", async (context) => {
  const { files, host } = place(context);
  files.write("settings.yaml", "apiVersion: outrigger.dev/v1\nkind: EngineSettings\n# mine\nplugins: []\n");
  const text = (): string => readFileSync(join(files.folder, "settings.yaml"), "utf8");
  const before = text();
  await host.install(request, true);
  assert.equal(text(), before, "a dry run writes nothing");
  await host.install(request, false);
  assert.match(text(), /# mine\nplugins:\n {2}- plugin: one\n {4}enabled: true\n {4}grants: all\n$/);
  assert.equal(statSync(join(files.folder, "settings.yaml")).mode & 0o777, 0o600);
  await assert.rejects(host.install(request, false), { code: "plugin-present" });
  await host.order("engine", "one", { priority: 7 }, false);
  assert.match(text(), /priority: 7/);
  await host.order("engine", "one", { priority: undefined }, false);
  assert.doesNotMatch(text(), /priority/);
  await assert.rejects(host.order("engine", "one", { after: ["other"] }, false), { code: "settings-invalid" });
  await assert.rejects(host.configure("engine", "one", { group: { ITEM: "a" } }, false), { code: "settings-invalid" });
  assert.match(text(), /grants: all\n$/, "what is refused changes nothing");
  await host.disable("engine", "one", false);
  assert.equal((await host.inspect("engine", "one")).state, "disabled");
  assert.equal((await host.disable("engine", "one", false)).changes[0]?.kind, "none");
  await host.enable("engine", "one", false);
  assert.equal((await host.list())[0]?.state, "installed");
  await host.uninstall("engine", "one", false);
  assert.match(text(), /# mine\nplugins: \[\]\n$/);
  assert.ok(!existsSync(join(files.folder, "one")));
  await assert.rejects(host.inspect("engine", "one"), { code: "plugin-unknown" });
});

test("an upgrade and its rollback go there and back, and an upgrade that asks for more needs a grant first", async (context) => {
  const { files, from, host } = place(context);
  await assert.rejects(host.install({ ...request, grants: [] }, false), {
    code: "grants-missing",
    message: /change:body\.Labels\.\*, hook:container\.preCreate, isolation:inline/,
  });
  assert.ok(!existsSync(join(files.folder, "one")));
  await host.install({ ...request, grants: ["change:body.Labels.*", "hook:container.preCreate", "isolation:inline"] }, false);
  const source = await files.open();
  from.plugin("one", { ...engine, privileges: { change: ["body.*"] } }, code, "2.0.0");
  await assert.rejects(host.upgrade("engine", "one", "2.0.0", false), { code: "grants-missing", message: /change:body\.\*/ });
  await host.grant("engine", "one", ["change:body.*"], false);
  await host.upgrade("engine", "one", "2.0.0", false);
  const version = async (): Promise<unknown> => ((await source.reload()).ok ? (await source.status()).plugins[0]?.version : undefined);
  assert.equal(await version(), "2.0.0");
  await host.rollback("engine", "one", false);
  assert.equal(await version(), "1.0.0");
  await host.rollback("engine", "one", false);
  assert.equal(await version(), "2.0.0");
  const catalogue = createEnginePluginHost({ folder: files.folder, state: files.state });
  await catalogue.upgrade("engine", "one", "1.0.0", false);
  assert.equal(await version(), "1.0.0");
  await assert.rejects(catalogue.upgrade("engine", "one", "3.0.0", false), { code: "version-unknown" });
});
