import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type PluginKit, testPlugin } from "@outrigger/sdk/test-kit";
import { create, recordedCreate } from "../../../tests/support/recorded.ts";

const rules = "docker.io/library/ => mirror.example:5000/hub/\nghcr.io/a/b => mirror.example:5000/b";
const digest = `sha256:${"0".repeat(64)}`;

function kitWith(values: Readonly<Record<string, string | boolean>> = {}): Promise<PluginKit> {
  return testPlugin({ folder: join(import.meta.dirname, ".."), settings: { mirrors: { rules, ...values } } });
}

async function pulled(kit: PluginKit, reference: string): Promise<string | undefined> {
  const { input, refused } = await kit.change("image.prePull", { reference, platform: null });
  return refused?.code ?? input.reference;
}

test("names become the mirror's, with their tags and digests", async () => {
  const kit = await kitWith();
  const hub = "mirror.example:5000/hub";
  for (const [reference, expected] of [
    ["nginx:1", `${hub}/nginx:1`],
    ["nginx", `${hub}/nginx`],
    ["docker.io/library/nginx:1", `${hub}/nginx:1`],
    ["index.docker.io/nginx:1", `${hub}/nginx:1`],
    [`nginx@${digest}`, `${hub}/nginx@${digest}`],
    [`nginx:1@${digest}`, `${hub}/nginx:1@${digest}`],
    ["ghcr.io/a/b:2", "mirror.example:5000/b:2"],
    ["ghcr.io/a/bc:2", "ghcr.io/a/bc:2"],
    ["team/nginx:1", "team/nginx:1"],
    ["localhost:5000/library/nginx:1", "localhost:5000/library/nginx:1"],
    [`${hub}/nginx:1`, `${hub}/nginx:1`],
  ] as const) {
    assert.equal(await pulled(kit, reference), expected, reference);
  }
});

test("containers are made of the mirror's image, unless that is off; ids stay", async () => {
  const recordedInput = await recordedCreate("plain");
  const { input, changed } = await (await kitWith()).change("container.preCreate", recordedInput);
  assert.equal(input.body.Image, "mirror.example:5000/hub/debian:bookworm-slim");
  assert.deepEqual(changed, ["body.Image"]);
  assert.deepEqual((await (await kitWith({ containers: false })).change("container.preCreate", recordedInput)).changed, []);
  for (const Image of [digest, "4bb46517cac3", ""])
    assert.deepEqual((await (await kitWith()).change("container.preCreate", create({ Image }))).changed, []);
});

test("with `only`, nothing comes past the mirrors", async () => {
  const kit = await kitWith({ only: true });
  assert.equal(await pulled(kit, "team/nginx:1"), "no-mirror");
  assert.equal(await pulled(kit, "mirror.example:5000/hub/nginx:1"), "mirror.example:5000/hub/nginx:1");
});

test("a rule that would not give an image's name is refused at start", async () => {
  for (const rule of [
    "docker.io/",
    "docker.io/ => mirror.example",
    "docker.io/ => mirror.example/Up/",
    "nginx => mirror.example/nginx",
    "a/ => b/ => c/",
  ]) {
    await assert.rejects(kitWith({ rules: rule }), /mirrors.rules has the line/, rule);
  }
});
