import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { aCall, type PluginFolder, pluginFolder } from "./plugin-folder.ts";

function example(files: PluginFolder, name: string): void {
  cpSync(join(import.meta.dirname, "..", "..", "..", "examples", name), join(files.folder, name), { recursive: true });
  files.settings({ plugin: name, grants: "all" });
}

test("the example in Python changes, refuses, takes its settings and keeps up with many calls at once", async (context) => {
  const files = pluginFolder(context);
  example(files, "engine-python");
  const dispatcher = (await files.open()).current();
  const client = async () => ({ listener: "unix:///a", user: "ann" });
  const body = { Image: "a", Labels: { a: "b" }, HostConfig: { Memory: 9223372036854775807n } };
  const ask = (): Promise<{ readonly input: unknown }> =>
    dispatcher.change("container.preCreate", { name: null, platform: null, body } as never, aCall({ door: "create", client }));
  const expected = { name: null, platform: null, body: { ...body, Labels: { a: "b", "com.example.created-by": "ann" } } };
  for (const { input } of await Promise.all(Array.from({ length: 50 }, ask))) assert.deepEqual(input, expected);
  const privileged = { name: null, platform: null, body: { HostConfig: { Privileged: true } } };
  await assert.rejects(dispatcher.change("container.preCreate", privileged, aCall({ door: "exec" })), {
    code: "plugin-refused",
    message: "engine-python: Privileged containers are not allowed here. (privileged)",
  });
});

test("the example in shell refuses what it should, also many at once", async (context) => {
  const files = pluginFolder(context);
  example(files, "engine-shell");
  const dispatcher = (await files.open()).current();
  const pull = (reference: string): Promise<unknown> => dispatcher.change("image.prePull", { reference, platform: null }, aCall());
  await Promise.all(Array.from({ length: 20 }, () => pull("docker.io/library/debian:12")));
  await assert.rejects(pull("debian:12"), { message: "engine-shell: Name the registry of the image. (no-registry)" });
});
