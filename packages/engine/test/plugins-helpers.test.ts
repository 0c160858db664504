import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openLogFile } from "../src/log-file.ts";
import { startHelpers } from "../src/plugins/helpers.ts";
import { pluginFolder } from "./plugin-folder.ts";

test("helpers run as their plug-in's user, are ready before the gateway goes on, come back when they end, and end with it", async (context) => {
  const files = pluginFolder(context);
  const folder = join(files.folder, "out");
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const [ready, pids] = [join(folder, "ready"), join(folder, "pids")];
  const log = openLogFile(join(files.folder, "helper.log"));
  const source = { logOf: () => log, userOf: () => 61_999 };
  const command = ["/bin/sh", "-c", `echo $$ $(id -u) $HIDDEN $GIVEN >> ${pids}; touch ${ready}; exec sleep 1000`];
  const helpers = await startHelpers(
    [{ plugin: "one", result: { helpers: [{ name: "agent", command, env: { GIVEN: "yes" }, ready }] } }],
    source,
  );
  context.after(() => helpers.close());
  const lines = (): readonly string[] => readFileSync(pids, "utf8").trim().split("\n");
  assert.match(lines()[0] ?? "", /^\d+ 61999 yes$/);
  const first = Number(lines()[0]?.split(" ")[0]);
  process.kill(first, "SIGKILL");
  while (lines().length < 2) await sleep(50);
  const second = Number(lines()[1]?.split(" ")[0]);
  await helpers.close();
  assert.ok(!existsSync(`/proc/${second}`));
  await log.flush();
  assert.match(readFileSync(log.path, "utf8"), /The helper agent does not run: it was ended by SIGKILL/);
});

test("a helper that is never ready is a failure of its plug-in, and nothing of it stays", async (context) => {
  const files = pluginFolder(context);
  const pid = join(files.folder, "pid");
  writeFileSync(pid, "");
  const log = openLogFile(join(files.folder, "helper.log"));
  const command = ["/bin/sh", "-c", `echo $$ > ${pid}; exec sleep 1000`];
  const collected = [{ plugin: "one", result: { helpers: [{ name: "agent", command, ready: join(files.folder, "never") }] } }];
  await assert.rejects(startHelpers(collected, { logOf: () => log, userOf: () => undefined }, 500), {
    code: "plugin-failed",
    message: /its helper agent has not made/,
  });
  assert.ok(!existsSync(`/proc/${readFileSync(pid, "utf8").trim()}`));
});
