import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseImageReference } from "@outrigger/plugin";
import { copyContent, openLayout, openRepository } from "@outrigger/registry";
import { until } from "../packages/driver/test/support/call.ts";
import { volumeDriver } from "../packages/driver/test/support/host.ts";
import { storePackage } from "../packages/driver/test/support/store.ts";
import { makeStand, run } from "./support/driver-stand.ts";
import { startRegistry } from "./support/registry.ts";

const image = "debian:bookworm-slim";

test("a driver of the host serves a stock engine by name, also while the host is killed and comes back", async (context) => {
  const stand = await makeStand(context);
  const { folder, word, outrigger, docker, ask } = stand;
  const host = await stand.start();
  const name = `tools/${word}:1`;
  await storePackage(folder, name, volumeDriver());
  const refused = await outrigger(["install", name]);
  assert.equal(refused.code, 2, "without a terminal privileges must have been named");
  assert.match(refused.stderr, /mount=\/usr/);
  const installed = await outrigger(["install", name, "--grant-all-permissions", "GREETING=you"]);
  assert.equal(installed.code, 0, installed.stderr);
  await docker("volume", "create", "-d", word, `${word}-v`);
  await docker("run", "-d", "--name", `${word}-c`, "-v", `${word}-v:/v`, image, "sleep", "300");
  await docker("exec", `${word}-c`, "sh", "-c", "echo one > /v/file");
  const inUse = await outrigger(["disable", name]);
  assert.match(inUse.stderr, /is in use/);

  host.kill("SIGKILL");
  await once(host, "exit");
  await docker("exec", `${word}-c`, "sh", "-c", "echo two >> /v/file");
  await stand.start();
  const { stdout: row } = await outrigger(["ls"]);
  assert.match(row, new RegExp(`tools/${word}:1 .* healthy +volumedriver +\\S+ +1`));
  assert.equal(await docker("run", "--rm", "-v", `${word}-v:/v`, image, "cat", "/v/file"), "one\ntwo");

  await docker("rm", "-f", `${word}-c`);
  assert.equal(await docker("volume", "inspect", "-f", "{{ .Driver }}", `${word}-v`), word);
  await docker("volume", "rm", `${word}-v`);
  assert.match((await outrigger(["logs", name])).stdout, /start you/);
  assert.equal((await outrigger(["disable", name])).code, 0);
  const refusal = async (): Promise<string> => (await ask("volume", "create", "-d", word, `${word}-v`)).stderr;
  assert.match(await refusal(), /it is disabled/);
  assert.equal((await outrigger(["rm", name])).code, 0);
  assert.match(await refusal(), /it was removed/);
});

test("a driver that fails under an engine's hands costs it no volume and no time", async (context) => {
  const stand = await makeStand(context);
  const { folder, word, outrigger, socket, docker, ask } = stand;
  await stand.start();
  const name = `tools/${word}:1`;
  await storePackage(folder, name, volumeDriver());
  assert.equal((await outrigger(["install", name, "--grant-all-permissions"])).code, 0);
  await docker("volume", "create", "-d", word, `${word}-v`);
  const mountpoint = await docker("volume", "inspect", "-f", "{{ .Mountpoint }}", `${word}-v`);
  const data = join(mountpoint, "..", "..");
  let made = false;
  for (const mode of ["500", "garbage", "cut", "text", "exit", "late"]) {
    writeFileSync(join(data, "mode"), mode);
    const begun = Date.now();
    const { code, stderr } = await ask("volume", "create", "-d", word, `${word}-other`);
    if (code === 0) made = true;
    // An engine that gets no answer tries for 15 s; here it always gets one.
    if (mode !== "late") assert.ok(Date.now() - begun < 14_000, `${mode}: ${stderr}`);
  }
  writeFileSync(join(data, "mode"), "");
  await until(
    () => outrigger(["ls"]),
    ({ stdout }) => / healthy /.test(stdout),
    60_000,
  );
  assert.equal(await docker("volume", "inspect", "-f", "{{ .Name }}", `${word}-v`), `${word}-v`);
  if (made) await docker("volume", "rm", `${word}-other`);
  await docker("volume", "rm", `${word}-v`);
  assert.equal((await run("docker", ["-H", `unix://${socket}`, "plugin", "rm", "-f", name])).code, 0);
});

test("the same verbs drive an engine's own plug-ins", async (context) => {
  const stand = await makeStand(context);
  const { folder, word } = stand;
  const registry = await startRegistry(context);
  const layout = await openLayout(join((await push("1")).from ?? ""));
  assert.equal((await layout.list()).length, 1);
  await push("2");
  async function push(tag: string) {
    const name = `${registry.host}/${word}:${tag}`;
    const stored = await storePackage(folder, name, volumeDriver({ Documentation: tag }));
    const reference = parseImageReference(name);
    if (reference === undefined) throw new TypeError(name);
    const repository = openRepository(reference);
    await copyContent(await openLayout(stored.from ?? ""), name, repository, tag);
    repository.close();
    return stored;
  }
  rmSync(join(folder, "store"), { recursive: true });
  const engine = ["--engine", "unix:///var/run/docker.sock"];
  const outrigger = (...args: readonly string[]) => stand.outrigger([...args, ...engine]);
  const name = `${registry.host}/${word}:1`;
  context.after(() => run("docker", ["plugin", "rm", "-f", name]));
  const nowhere = await outrigger("install", `${registry.host}/nothing:1`);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /nothing/);
  const byDigest = await outrigger("install", `${registry.host}/${word}@sha256:${"a".repeat(64)}`);
  assert.match(byDigest.stderr, /would crash/);
  const privileges = JSON.parse((await outrigger("privileges", name, "-o", "json")).stdout);
  assert.equal(privileges[0].Name, "mount");
  const installed = await outrigger("install", name, "--grant-all-permissions", "GREETING=you");
  assert.equal(installed.code, 0, installed.stderr);
  assert.match((await outrigger("ls")).stdout, new RegExp(`${word}:1 .* enabled +volumedriver`));
  assert.match((await outrigger("logs", name)).stderr, /own log/);
  assert.equal((await outrigger("disable", name)).code, 0);
  const upgraded = await outrigger("upgrade", name, `${registry.host}/${word}:2`);
  assert.equal(upgraded.code, 0, upgraded.stderr);
  assert.match(JSON.parse((await outrigger("inspect", name, "-o", "json")).stdout).PluginReference, /:2$/);
  const back = await outrigger("rollback", name);
  assert.equal(back.code, 0, back.stderr);
  assert.match(JSON.parse((await outrigger("inspect", name, "-o", "json")).stdout).PluginReference, /:1$/);
  assert.equal((await outrigger("rm", name)).code, 0);
});

test("an engine takes one package of this machine under several names, at the same time too", async (context) => {
  const stand = await makeStand(context);
  const { folder, word } = stand;
  const name = `tools/${word}:1`;
  await storePackage(folder, name, volumeDriver({ Documentation: "1" }));
  const aliases = ["one", "two", "three"].map((each) => `${word}-${each}`);
  for (const alias of aliases) context.after(() => run("docker", ["plugin", "rm", "-f", alias]));
  const install = (alias: string) =>
    stand.outrigger(["install", name, "--alias", alias, "--grant-all-permissions", "--disable", "--engine", "unix:///var/run/docker.sock"]);
  const [first = "", ...others] = aliases;
  for (const { code, stderr } of [await install(first), ...(await Promise.all(others.map(install)))]) assert.equal(code, 0, stderr);
  const listed = await run("docker", ["plugin", "ls", "--format", "{{ .Name }}"]);
  for (const alias of aliases) assert.match(listed.stdout, new RegExp(`^${alias}:latest$`, "m"));
});
