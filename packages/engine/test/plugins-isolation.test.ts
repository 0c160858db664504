import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeInputs } from "@outrigger/sdk";
import { aCall, pluginFolder } from "./plugin-folder.ts";

const code = `
import { defineEnginePlugin, refuse } from "@outrigger/sdk";
let told: unknown;
export default defineEnginePlugin({
  name: "example",
  setUp({ settings, log }) { told = settings; log("set up"); },
  hooks: {
    "container.preCreate": {
      filter: { doors: ["create", "exec"] },
      handler(input, { settings, warn, requestId }) {
        if (input.name === "same") return undefined;
        warn("hello");
        const memory = BigInt(input.body.HostConfig?.Memory ?? 0) + 1n;
        return { ...input, body: { ...input.body, HostConfig: { ...input.body.HostConfig, Memory: memory as never }, Labels: { ...input.body.Labels, request: requestId, team: String(settings.who?.TEAM), told: String(told === settings) } } };
      },
      validate(input) {
        if (input.body.HostConfig?.Privileged) throw refuse({ message: "Not here.", code: "privileged", hint: "Ask.", status: 451 });
      },
    },
    "container.preStart": () => ({ hooks: [{ priority: 5, path: "/bin/true" }] }),
    "image.postPull": ({ reference }) => { if (reference === "bad") throw new TypeError("no good"); },
    "api.routes": [
      { method: "GET", path: "/hello", action: "handle", handle: (request) => ({ status: 200, body: { hi: request.path } }) },
      { method: "GET", path: "/containers/json", action: "wrap", response: (_, response) => ({ ...response, body: [] }) },
      { method: "POST", path: "/auth", action: "remove" },
    ],
  },
});
`;

const engine = {
  hooks: ["container.preCreate", "container.preCreate/validate", "container.preStart", "image.postPull", "api.routes"],
  privileges: { change: ["body.HostConfig.Memory", "body.Labels.*"] },
};
const setting = { plugin: "example", grants: "all", values: { who: { TEAM: "blue" } } };
type Create = ChangeInputs["container.preCreate"];
const create = (body: object, name: string | null = null): Create => ({ name, platform: null, body });

for (const isolation of ["process", "worker", "inline"]) {
  test(`a plug-in in isolation ${isolation} does at every kind of hook what it should, with exact numbers`, async (context) => {
    const files = pluginFolder(context);
    files.plugin("example", { ...engine, isolation }, code);
    const manifest = JSON.parse((await import("node:fs")).readFileSync(`${files.folder}/example/plugin.yaml`, "utf8"));
    manifest.spec.config = [{ group: "who", items: [{ name: "TEAM", type: "string" }] }];
    files.write("example/plugin.yaml", JSON.stringify(manifest));
    files.settings(setting);
    const source = await files.open();
    const { dispatcher, release } = source.lease();
    context.after(release);

    const changed = await dispatcher.change(
      "container.preCreate",
      create({ Image: "a", HostConfig: { Memory: 9223372036854775805n } }),
      aCall({ door: "create" }),
    );
    const labels = { request: "r1", team: "blue", told: "true" };
    assert.deepEqual(changed, {
      input: { name: null, platform: null, body: { Image: "a", HostConfig: { Memory: 9223372036854775806n }, Labels: labels } },
      changedBy: ["example"],
      warnings: ["example: hello"],
    });
    const input = create({ Image: "a" }, "same");
    assert.equal((await dispatcher.change("container.preCreate", input, aCall({ door: "create" }))).input, input);
    await assert.rejects(
      dispatcher.change("container.preCreate", create({ HostConfig: { Privileged: true } }, "same"), aCall({ door: "exec" })),
      {
        code: "plugin-refused",
        status: 451,
        message: "example: Not here. (privileged)",
        hint: "Ask. `outrigger engine explain r1` says more.",
      },
    );
    const container = { id: "1", name: "web", image: "a", labels: {} };
    assert.deepEqual(await dispatcher.collect("container.preStart", { container }, aCall()), [
      { plugin: "example", result: { hooks: [{ priority: 5, path: "/bin/true" }] } },
    ]);
    const pulled = { reference: "bad", digest: null, platform: null, snapshotter: "overlay2", by: "client" } as const;
    const [failure] = await dispatcher.notify("image.postPull", pulled, aCall());
    assert.match(failure?.message ?? "", /^example failed at image\.postPull, so the request was refused: no good/);
    assert.deepEqual(await dispatcher.notify("image.postPull", { ...pulled, reference: "good" }, aCall()), []);

    assert.deepEqual(
      dispatcher.routes.map(({ plugin, method, path, action }) => [plugin, method, path, action]),
      [
        ["example", "GET", "/hello", "handle"],
        ["example", "GET", "/containers/json", "wrap"],
        ["example", "POST", "/auth", "remove"],
      ],
    );
    const request = { method: "GET", path: "/hello", version: null, parameters: {}, query: [], headers: {} };
    assert.deepEqual(await dispatcher.routes[0]?.handle(request, aCall()), { status: 200, body: { hi: "/hello" } });
    assert.deepEqual(await dispatcher.routes[1]?.request(request, aCall()), request);
    assert.deepEqual(await dispatcher.routes[1]?.response(request, { status: 200, body: [1] }, aCall()), { status: 200, body: [] });

    assert.ok(dispatcher.wants("container.preCreate", { door: "exec" }));
    assert.ok(!dispatcher.wants("container.preCreate", { door: "build" }));
    assert.ok(!dispatcher.wants("volume.preCreate"));

    files.settings({ ...setting, values: { who: { TEAM: "red" } } });
    const { pid } = (await source.status()).plugins[0] ?? {};
    assert.equal((await source.reload()).ok, true);
    const { input: after } = await source.current().change("container.preCreate", create({}), aCall({ door: "create" }));
    assert.equal(after.body.Labels?.["team"], "red");
    assert.equal((await source.status()).plugins[0]?.pid, pid, "the process goes on when only values change");
  });
}
