import assert from "node:assert/strict";
import { test } from "node:test";
import { ownEngine } from "../../../tests/support/own-engine.ts";
import { createDockerRuntime } from "../src/index.ts";
import type { PodStatus } from "../src/runtime.ts";
import { busyboxImage, plugin, podOf, shell, sleeps, statusOf, unique, until, untilState } from "./support.ts";

test("after a restart of the engine every pod is made anew, init containers and all", async (t) => {
  const engine = await ownEngine(t, "200m");
  const image = await busyboxImage({ after: () => {} }, engine.client);
  const statuses: PodStatus[] = [];
  const runtime = createDockerRuntime({
    owner: unique("owner-"),
    socket: engine.host,
    secret: async () => "",
    credentials: async () => undefined,
    filesFolder: "/tmp/unused",
    onNetworks: async () => {},
    onStatus: (status) => statuses.push(status),
    onEvent: () => {},
  });
  await runtime.start();
  const web = { team: "default", application: "shop", component: "web" };
  runtime.want(podOf(web, [shell("setup", image, "exit 0", plugin("setup", "init")), shell("web", image, sleeps)]));
  const before = await untilState(runtime, web, "ready");
  await engine.stop();
  await until("the outage is told", () => /No Docker Engine answers/.test(statusOf(runtime, web)?.reason ?? ""));
  await engine.start();
  const after = await untilState(runtime, web, "ready");
  assert.notEqual(after.containers[0]?.startedAt, before.containers[0]?.startedAt);
  assert.match(after.reason ?? "", /made anew/);
  await runtime.remove(web, { volumes: true });
  assert.deepEqual(await engine.client.call("GET", "/containers/json", { query: { all: true } }), []);
  await runtime.close();
});
