import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { busyboxImage, client, harness, idsOf, podOf, shell, sleeps, statusOf, unique, until, untilState } from "./support.ts";

const image = await busyboxImage({ after });

/** A way to the engine that can be cut: as if the engine were stopped and started. */
function proxy() {
  const socket = join(tmpdir(), `${unique("engine-")}.sock`);
  const open = new Set<Socket>();
  const make = () =>
    createServer((incoming) => {
      const outgoing = connect("/var/run/docker.sock");
      for (const [one, other] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        open.add(one);
        one
          .on("error", () => other.destroy())
          .on("close", () => other.destroy())
          .pipe(other);
      }
    });
  let server = make();
  return {
    socket,
    up: async () => {
      server = make();
      await new Promise<void>((resolve) => server.listen(socket, resolve));
    },
    cut: async () => {
      for (const each of open) each.destroy();
      open.clear();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(socket, { force: true });
    },
  };
}

test("an engine that is down is told, waited for, and used once it is there", async (t) => {
  const engine = proxy();
  const { runtime, events, key } = await harness(t, { socket: engine.socket });
  const web = key("web");
  const health = await runtime.health();
  assert.match(health.ok ? "" : health.reason, /No Docker Engine answers at unix:\/\/.*: the socket does not exist\./);
  await assert.rejects(runtime.known(), { code: "engine-unreachable" });
  runtime.want(podOf(web, [shell("web", image, sleeps)]));
  const status = await untilState(runtime, web, "waiting");
  assert.match(status.reason ?? "", /No Docker Engine answers/);
  assert.ok(events.some(({ reason }) => reason === "engine-unreachable"));
  await engine.up();
  await untilState(runtime, web, "ready");
  await runtime.remove(web, { volumes: true });
  await runtime.close();
  await engine.cut();
});

test("what happens while the engine is out of reach is seen when it is back", async (t) => {
  const engine = proxy();
  await engine.up();
  const { runtime, key } = await harness(t, { socket: engine.socket });
  const web = key("web");
  runtime.want(podOf(web, [shell("web", image, sleeps)]));
  await untilState(runtime, web, "ready");
  const before = await idsOf(web);
  await engine.cut();
  await client.call("POST", `/containers/${before["web"]}/kill`);
  await untilState(runtime, web, "waiting");
  await engine.up();
  await until("started again", () => statusOf(runtime, web)?.state === "ready" && statusOf(runtime, web)?.containers[0]?.restarts === 1);
  assert.deepEqual(await idsOf(web), before);
  await runtime.remove(web, { volumes: true });
  await runtime.close();
  await engine.cut();
});
