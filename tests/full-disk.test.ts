import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ownEngine } from "./support/own-engine.ts";
import { sandbox } from "./support/sandbox.ts";

test("a disk that fills up during a build: the build fails and says so, and nothing is half-done", {
  timeout: 120_000,
}, async (context) => {
  const box = sandbox(context);
  const engine = await ownEngine(context, "120m");
  copyFileSync("/bin/busybox", join(box.folder, "busybox"));
  box.write("Dockerfile", "FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/dd\nRUN dd if=/dev/zero of=/big bs=1M count=500\n");
  const file = box.write(
    "app.yaml",
    `apiVersion: outrigger.dev/v1\nkind: Application\nmetadata: { name: ${box.prefix} }\nspec: { components: [{ name: web, build: { context: . } }] }\n`,
  );
  const { code, stdout, stderr } = await box.runWith({ DOCKER_HOST: engine.host }, "up", "-f", file);
  assert.equal(code, 1, stdout + stderr);
  assert.match(stderr, /[Nn]o space left on device/);
  assert.match(stderr, /disk/i);
  const listed = await box.run("get", "applications", "-o", "json");
  assert.deepEqual(JSON.parse(listed.stdout), []);
});
