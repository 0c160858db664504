import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher } from "../src/hooks/dispatcher.ts";
import { aCall, pluginFolder } from "./plugin-folder.ts";

/** A plug-in whose misdeed is the name of the container. */
const misbehaving = `
import { writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
const kept: unknown[] = [];
export default {
  name: "bad",
  hooks: {
    "container.preCreate": async ({ name, platform, body }) => {
      if (name === "crash") process.exit(3);
      if (name === "throw") throw new Error("own mistake");
      if (name === "late") await new Promise((resolve) => setTimeout(resolve, 60_000));
      if (name === "hang") for (;;);
      if (name === "stray") { parentPort?.postMessage(5); await new Promise(() => {}); }
      if (name === "huge") return { name, platform, body: { Image: "a".repeat(5 * 1024 * 1024) } };
      if (name === "number") return 5;
      if (name === "shape") return { name: 7, platform, body };
      if (name === "more") return { name, platform, body, extra: 1 };
      if (name === "leak") for (let i = 0; i < 400; i++) { kept.push(Buffer.alloc(1024 * 1024, 1)); if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1)); }
      if (name === "leak") await new Promise((resolve) => setTimeout(resolve, 60_000));
      return { name, platform, body: { ...body, Hostname: "seen" } };
    },
  },
};
`;
const good = `
export default { name: "good", hooks: { "container.preCreate": (input) => ({ ...input, body: { ...input.body, Domainname: "good" } }) } };
`;
const change = { privileges: { change: ["body.*", "name", "platform", "extra"] } };

function engine(failPolicy: "open" | "closed", isolation: string, timeoutSeconds = 1): object {
  return { ...change, isolation, priority: 5, memory: "200Mi", hooks: [{ hook: "container.preCreate", failPolicy, timeoutSeconds }] };
}

function ask(dispatcher: Dispatcher, name: string): Promise<{ readonly changedBy: readonly string[] }> {
  return dispatcher.change("container.preCreate", { name, platform: null, body: {} }, aCall({ door: "create" }));
}

async function until(question: () => Promise<boolean>): Promise<void> {
  while (!(await question())) await sleep(50);
}

for (const isolation of ["process", "worker"]) {
  for (const failPolicy of ["open", "closed"] as const) {
    test(`crash, hang and garbage of a plug-in (${isolation}, ${failPolicy}) cost only its own calls, and it comes back`, async (context) => {
      const files = pluginFolder(context);
      files.plugin("bad", engine(failPolicy, isolation), misbehaving);
      files.plugin("good", { ...change, hooks: ["container.preCreate"] }, good);
      files.settings({ plugin: "bad", grants: "all" }, { plugin: "good", grants: "all" });
      const source = await files.open();
      const dispatcher = source.current();
      assert.deepEqual((await ask(dispatcher, "fine")).changedBy, ["bad", "good"]);
      const misdeeds = ["throw", "number", "shape", "more", "huge", "late", "stray", "hang", "crash"];
      for (const misdeed of misdeeds) {
        const result = ask(dispatcher, misdeed);
        if (failPolicy === "closed")
          await assert.rejects(result, { code: "plugin-failed", status: 503, message: /^bad failed at container\.preCreate/ }, misdeed);
        else assert.deepEqual((await result).changedBy, ["good"], misdeed);
        await until(async () =>
          ask(dispatcher, "fine").then(
            ({ changedBy }) => changedBy.length === 2,
            () => false,
          ),
        );
      }
      const { plugins } = await source.status();
      assert.ok((plugins.find(({ plugin }) => plugin === "bad")?.failures ?? 0) >= 1);
    });
  }
}

test("while one plug-in crashes and hangs again and again, no call of many at once is lost, and the others see every one", async (context) => {
  const files = pluginFolder(context);
  files.plugin("bad", engine("open", "process"), misbehaving);
  files.plugin("good", { ...change, hooks: ["container.preCreate"] }, good);
  files.settings({ plugin: "bad", grants: "all" }, { plugin: "good", grants: "all" });
  const source = await files.open();
  const dispatcher = source.current();
  let ending = false;
  let [calls, whole] = [0, 0];
  const client = async (): Promise<void> => {
    while (!ending) {
      const { changedBy } = await ask(dispatcher, "fine");
      assert.ok(changedBy.includes("good"));
      calls += 1;
      if (changedBy.length === 2) whole += 1;
      await sleep(20);
    }
  };
  const clients = Array.from({ length: 8 }, client);
  for (const misdeed of ["crash", "hang", "crash"]) {
    await until(
      async () => (await source.status()).plugins[0]?.state === "healthy" && (await ask(dispatcher, "fine")).changedBy.length === 2,
    );
    await ask(dispatcher, misdeed);
  }
  await until(async () => (await ask(dispatcher, "fine")).changedBy.length === 2);
  ending = true;
  await Promise.all(clients);
  assert.ok(calls > whole && whole > 0, `${whole} of ${calls} calls were seen by both`);
  assert.equal((await source.status()).plugins.find(({ plugin }) => plugin === "good")?.failures, 0);
});

test("a plug-in that takes more memory than it may is ended, with the reason, and started anew", async (context) => {
  const files = pluginFolder(context);
  files.plugin("bad", engine("closed", "process", 20), misbehaving);
  files.settings({ plugin: "bad", grants: "all" });
  const source = await files.open({ keep: { pause: 1_000 } });
  await assert.rejects(ask(source.current(), "leak"), /it used \d+ MiB of memory/);
  await until(async () => (await source.status()).plugins[0]?.state === "failing");
  const [status] = (await source.status()).plugins;
  assert.equal(status?.state, "failing");
  assert.match(status?.reason ?? "", /^it used \d+ MiB of memory, more than its 200 MiB$/);
  await until(async () => (await source.status()).plugins[0]?.state === "healthy");
});

test("a plug-in that fails again and again is not asked for a while, and asked again later", async (context) => {
  const files = pluginFolder(context);
  files.plugin("bad", engine("closed", "process"), misbehaving);
  files.settings({ plugin: "bad", grants: "all" });
  const dispatcher = (await files.open()).current();
  for (let count = 0; count < 5; count++) await assert.rejects(ask(dispatcher, "throw"), /own mistake/);
  await assert.rejects(ask(dispatcher, "fine"), /it is not asked for now, since it failed 5 times in a row/);
  await until(async () =>
    ask(dispatcher, "fine").then(
      () => true,
      () => false,
    ),
  );
});

test("a plug-in's process has its own user, no capabilities, no new privileges, a clean environment", async (context) => {
  assert.equal(process.getuid?.(), 0, "this test needs root");
  process.env["HOOKS_TEST_SECRET"] = "hidden";
  context.after(() => delete process.env["HOOKS_TEST_SECRET"]);
  const files = pluginFolder(context);
  for (const name of ["bad", "good"])
    files.plugin(name, { ...change, hooks: ["container.preCreate"] }, misbehaving.replace('"bad"', JSON.stringify(name)));
  files.settings({ plugin: "bad", grants: "all" }, { plugin: "good", grants: "all" });
  const { plugins } = await (await files.open()).status();
  const users = plugins.map(({ pid }) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)?.[1] ?? "";
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) assert.match(field(set), /^0+$/, set);
    assert.equal(field("NoNewPrivs"), "1");
    assert.equal(field("Groups").trim(), "");
    const names = readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .map((variable) => variable.split("=")[0]);
    assert.deepEqual(names.filter(Boolean).toSorted(), ["HOME", "LANG", "OUTRIGGER_PLUGIN_DIR", "OUTRIGGER_SOCKET", "PATH"]);
    return field("Uid").split("\t");
  });
  assert.equal(new Set(users.flat()).size, 2);
  assert.ok(users.flat().every((user) => Number(user) >= 61_184));
});

test("plug-ins' processes end when the gateway is killed", async (context) => {
  const files = pluginFolder(context);
  files.plugin("good", { ...change, hooks: ["container.preCreate"] }, good);
  files.settings({ plugin: "good", grants: "all" });
  const program = `
    const { createPluginSource } = await import(${JSON.stringify(new URL("../src/plugins/plugin-source.ts", import.meta.url).href)});
    const source = await createPluginSource(${JSON.stringify({ folder: files.folder, state: files.state })});
    console.log((await source.status()).plugins[0].pid);`;
  const gateway: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => gateway.kill("SIGKILL"));
  const [line] = (await once(gateway.stdout ?? gateway, "data")) as [Buffer];
  const pid = Number(line.toString());
  assert.ok(existsSync(`/proc/${pid}`));
  gateway.kill("SIGKILL");
  await until(async () => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "));
});
