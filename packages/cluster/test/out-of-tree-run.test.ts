import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isOutriggerError } from "@outrigger/plugin";
import { contextOf, openPlugin } from "./support/brought-plugins.ts";

const module = (body: string, rest = ""): string => `
import { defineClusterPlugin } from "@outrigger/sdk";
export const pluginType = "SOME";
export default defineClusterPlugin({ async run(context, phase) { ${body} }, ${rest} });
`;

test("a module lists nodes, runs scripts on hosts, and what it prints is its log", async (t) => {
  const { run } = await openPlugin(
    t,
    {
      "some.ts": module(`
      for (const node of await context.kubernetes.listNodes("a=b")) console.log(node.metadata.name);
      for (const { ip } of context.hosts) context.log.info((await context.exec(ip, "hostname")).stdout.trim());
      process.stdout.write("half "); process.stdout.write("line\\nnext\\n");
      console.error("to %s", phase);
      process.stderr.write("by hand\\n");
      context.log.warn(JSON.stringify([context.data, context.values, context.cluster.name, context.name]));
    `),
    },
    { privileges: ["exec"], data: { disk: "ssd" } },
  );
  const context = contextOf();
  await run({ ...context, data: { disk: "ssd" }, values: { settings: { A: 1 } } });
  assert.deepEqual(context.lines.toSorted(), [
    "error to PostInstall",
    "info by hand",
    "info half line",
    "info next",
    "info on 10.0.0.1",
    "info on 10.0.0.2",
    "info one",
    "info two",
    'warn [{"disk":"ssd"},{"settings":{"A":1}},"test","some"]',
  ]);
  assert.deepEqual(context.executed, [
    ["10.0.0.1", "hostname"],
    ["10.0.0.2", "hostname"],
  ]);
  assert.equal(context.asked[0]?.path, "/api/v1/nodes?labelSelector=a%3Db&limit=500");
});

test("a plug-in that throws fails with its own words, and works again at the next call, in the same process", async (t) => {
  const { run } = await openPlugin(t, {
    "some.ts": module(`context.log.info(String(process.pid)); if (context.data === 1) throw new RangeError("no room on the disk");`),
  });
  const [first, second] = [contextOf(), contextOf()];
  await assert.rejects(run({ ...first, data: 1 }), (error) => {
    assert.ok(isOutriggerError(error));
    assert.equal(error.code, "cluster-plugin-failed");
    assert.equal(error.message, "The plug-in some failed at PostInstall: no room on the disk");
    return true;
  });
  assert.ok(first.lines.some((line) => /^debug RangeError: no room/.test(line)));
  await run(second);
  assert.equal(first.lines[0], second.lines[0]);
});

test("a plug-in that ends in the middle says how, with its last lines, and is started anew", async (t) => {
  const { run } = await openPlugin(t, {
    "some.mjs": module(`if (context.data === 1) { console.error("x"); process.stderr.write("the battery is empty\\n"); process.exit(7); }`),
  });
  await assert.rejects(run({ data: 1 }), (error) => {
    assert.ok(isOutriggerError(error));
    assert.equal(error.code, "cluster-plugin-ended");
    assert.match(error.message, /ended in the middle of PostInstall: it ended with code 7\.\n {4}the battery is empty$/);
    return true;
  });
  const context = contextOf();
  await run(context);
  assert.deepEqual(context.lines, ["warn It is started anew: it ended with code 7."]);
});

test("a plug-in that is killed says by what", async (t) => {
  const files = { "some.js": module(`context.log.info(import.meta.dirname); await new Promise((later) => setTimeout(later, 60_000));`) };
  const { run } = await openPlugin(t, files);
  const { promise: running, resolve: runs } = Promise.withResolvers<string>();
  const context = contextOf();
  const ended = run({ ...context, log: { ...context.log, info: runs } });
  process.kill(nodeIn(await running), "SIGKILL");
  await assert.rejects(ended, /ended in the middle of PostInstall: it was ended by SIGKILL\.$/);
});

/** The process of a module in this folder. */
function nodeIn(folder: string): number {
  const found = readdirSync("/proc").find((id) => {
    const [program, ...words] =
      /^\d+$/.test(id) && existsSync(`/proc/${id}`) ? readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0") : [];
    return program !== undefined && words.some((word) => word.startsWith(`${folder}/`)) && !/setpriv|unshare|\/sh$/.test(program);
  });
  assert.ok(found);
  return Number(found);
}

test("a plug-in that hangs is told that its time is over, and one that answers nothing then is killed", async (t) => {
  const polite = await openPlugin(t, {
    "some.ts": module(`await new Promise((_, no) => context.signal.addEventListener("abort", () => no(context.signal.reason)));`),
  });
  await assert.rejects(polite.run({ deadline: Date.now() + 300 }), (error) => {
    assert.ok(isOutriggerError(error) && error.code === "cluster-plugin-overdue");
    assert.match(error.message, /its time is over/);
    return true;
  });
  const deaf = await openPlugin(t, { "some.ts": module(`for (;;) {}`) });
  await assert.rejects(
    deaf.run({ deadline: Date.now() + 300 }),
    /its time is over, and it did not end within 5000 ms after it was told so/,
  );
});

test("a cancelled run cancels the plug-in, whose end then counts as no success", async (t) => {
  const { run } = await openPlugin(t, { "some.ts": module(`await new Promise((yes) => context.signal.addEventListener("abort", yes));`) });
  const over = new AbortController();
  const running = run({ signal: over.signal });
  setTimeout(() => over.abort(), 200);
  await assert.rejects(running, /the run is cancelled/);
});

test("undo is there where the module has it", async (t) => {
  const { run, types } = await openPlugin(t, { "some.ts": module("", "undo(context, phase) { context.log.info(`undone ${phase}`); }") });
  const context = contextOf();
  await run(context, "undo");
  assert.deepEqual(context.lines, ["info undone PostInstall"]);
  const without = await openPlugin(t, { "some.ts": module("") });
  assert.equal("undo" in without.types.get("SOME"), false);
  assert.equal("undo" in types.get("SOME"), true);
  assert.throws(() => types.get("SOMME"), /No plug-in has the type SOMME: did you mean SOME/);
});

test("data is checked before anything runs, and once more when a template is filled in", async (t) => {
  const files = { "some.ts": module("", "validate(data) { return data === 'good' ? [] : [`${data} is not good.`]; }") };
  const { types } = await openPlugin(t, files, { data: "bad" });
  const plugin = { name: "some" } as Parameters<ReturnType<typeof types.get>["check"]>[0];
  assert.deepEqual(types.get("SOME").check(plugin, []), [{ path: ["spec", "data"], code: "wrong-value", message: "bad is not good." }]);
  const templated = await openPlugin(t, files, { data: "{{ .WHAT }}", template: true });
  assert.deepEqual(templated.types.get("SOME").check(plugin, []), []);
  await templated.run({ data: "good" });
  await assert.rejects(templated.run({ data: "worse" }), /The data of the plug-in some is wrong: worse is not good\./);
});
