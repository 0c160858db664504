import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { ConfigValues } from "@outrigger/plugin";
import type { NetworkCreateRequest, VolumeCreateOptions } from "@outrigger/sdk";
import { type PluginKit, testPlugin } from "@outrigger/sdk/test-kit";
import { create, recorded, recordedCreate } from "../../../tests/support/recorded.ts";

function kitWith(settings: ConfigValues = {}): Promise<PluginKit> {
  return testPlugin({ folder: join(import.meta.dirname, ".."), settings });
}

const user = "outrigger.created.user";
const time = "outrigger.created.time";

test("containers through every door that has labels, volumes and networks say who made them", async () => {
  const kit = await kitWith();
  for (const door of ["create", "service", "build"] as const) {
    const { input, changed } = await kit.change("container.preCreate", await recordedCreate("compose-web"), { door });
    assert.equal(input.body.Labels?.[user], "alice");
    assert.ok(!Number.isNaN(Date.parse(input.body.Labels?.[time] ?? "")));
    assert.equal(input.body.Labels?.["x"], "y");
    assert.deepEqual(changed, [`body.Labels.${user}`, `body.Labels.${time}`]);
  }
  assert.equal((await kit.change("container.preCreate", create(), { door: "exec" })).called, false);
  const volume = await kit.change("volume.preCreate", (await recorded("volume-compose")).input as VolumeCreateOptions);
  assert.equal(volume.input.Labels?.[user], "alice");
  const network = await kit.change("network.preCreate", (await recorded("network-cli")).input as { body: NetworkCreateRequest });
  assert.equal(network.input.body.Labels?.[user], "alice");
});

test("a plain request without labels, and a caller without a name", async () => {
  const { input } = await (await kitWith({ labels: { set: ["user"] } })).change("container.preCreate", create(), { client: null });
  assert.deepEqual(input.body.Labels, { [user]: "unknown" });
});

test("everything that can be known of the caller", async () => {
  const kit = await kitWith({ labels: { prefix: "made-", set: ["user", "listener", "pid", "uid", "request"] } });
  const { input } = await kit.change("container.preCreate", create());
  assert.deepEqual(input.body.Labels, {
    "made-user": "alice",
    "made-listener": "unix:///run/outrigger/docker.sock",
    "made-pid": "4242",
    "made-uid": "1000",
    "made-request": "test",
  });
});

test("forged labels are replaced, in any case, or refuse the request", async () => {
  const forged = create({ Labels: { [user]: "eve", "Outrigger.Created.User": "eve", "outrigger.created.more": "x", mine: "y" } });
  const { input } = await (await kitWith({ labels: { set: ["user"] } })).change("container.preCreate", forged);
  assert.deepEqual(input.body.Labels, { mine: "y", [user]: "alice" });
  const { refused } = await (await kitWith({ labels: { forged: "refuse" } })).change("container.preCreate", forged);
  assert.equal(refused?.code, "forged-label");
});

test("a prefix that would run into other names is refused", async () => {
  await assert.rejects(kitWith({ labels: { prefix: "created" } }), /prefix/);
});
