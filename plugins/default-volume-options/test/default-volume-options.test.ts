import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { VolumeCreateOptions } from "@outrigger/sdk";
import { testPlugin } from "@outrigger/sdk/test-kit";
import { recorded } from "../../../tests/support/recorded.ts";

async function volumeWith(
  values: Readonly<Record<string, string | boolean>>,
  volume: VolumeCreateOptions,
  implicit = false,
): Promise<VolumeCreateOptions> {
  const kit = await testPlugin({ folder: join(import.meta.dirname, ".."), settings: { volumes: values } });
  return (await kit.change("volume.preCreate", volume, { implicit })).input;
}

const tmpfs = { options: "type=tmpfs\ndevice=tmpfs\no=size=100m,uid=1000", labels: "backup=daily" };
const options = { type: "tmpfs", device: "tmpfs", o: "size=100m,uid=1000" };

test("what is absent is filled in, what is given stays", async () => {
  const sent = (await recorded("volume-cli")).input as VolumeCreateOptions;
  assert.deepEqual(await volumeWith(tmpfs, sent), { ...sent, DriverOpts: options, Labels: { a: "b", backup: "daily" } });
  const own = { Name: "v", DriverOpts: { ...options, o: "size=1g" }, Labels: { backup: "never" } };
  assert.deepEqual(await volumeWith(tmpfs, own), own);
  assert.deepEqual(await volumeWith({}, sent), sent);
});

test("enforced, what stands here wins, and another driver's options go with their driver", async () => {
  const own = { Name: "v", Driver: "other", DriverOpts: { secret: "x" }, Labels: { backup: "never", a: "b" } };
  assert.deepEqual(await volumeWith({ ...tmpfs, driver: "local", enforce: true }, own), {
    Name: "v",
    Driver: "local",
    DriverOpts: options,
    Labels: { backup: "daily", a: "b" },
  });
});

test("options are not given to a driver that they are not for", async () => {
  assert.deepEqual(await volumeWith({ ...tmpfs, labels: "", driver: "local" }, { Name: "v", Driver: "other" }), {
    Name: "v",
    Driver: "other",
  });
  assert.deepEqual(await volumeWith({ driver: "other", options: "a=b" }, {}), { Driver: "other", DriverOpts: { a: "b" } });
});

test("volumes that come with a container can be left alone", async () => {
  assert.deepEqual(await volumeWith({ ...tmpfs, implicit: false }, { Name: "v" }, true), { Name: "v" });
  assert.deepEqual(await volumeWith({ labels: "a=b" }, { Name: "v" }, true), { Name: "v", Labels: { a: "b" } });
});

test("a line that is no NAME=VALUE is refused at start", async () => {
  await assert.rejects(volumeWith({ labels: "backup" }, {}), /volumes.labels has the line "backup"/);
});
