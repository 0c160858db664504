import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { busyboxImage, harness, idsOf, plugin, podOf, shell, sleeps, statusOf, until } from "./support.ts";

const image = await busyboxImage({ after });

test("killed at any moment of a start or a change, the next runtime goes on to the one pod that is wanted", async (t) => {
  const { runtime, owner, filesFolder, key } = await harness(t);
  await runtime.close();
  const web = key("web");
  const pods = [1, 2].map((round) => {
    const mounts = [{ volume: "data", path: "/data", readOnly: false }];
    const env = [{ name: "ROUND", value: String(round) }];
    return podOf(
      web,
      [
        shell("setup", image, `echo ${round}`, plugin("setup", "init", { mounts })),
        shell("web", image, sleeps, { mounts }),
        shell("side", image, sleeps, plugin("side", "sidecar", { env, mounts })),
      ],
      { volumes: [{ name: "data", ephemeral: true }] },
    );
  });
  for (let round = 0; round < 10; round += 1) {
    const wanted = JSON.stringify(pods[round % 2]);
    const child = spawn(process.execPath, [new URL("keep-pod.ts", import.meta.url).pathname, owner, filesFolder, wanted], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await sleep(Math.random() * 900);
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  const second = await harness(t, { owner });
  const last = podOf(web, pods[0]?.containers ?? [], { volumes: [{ name: "data", ephemeral: true }] });
  second.runtime.want(last);
  await until("ready", () => statusOf(second.runtime, web)?.state === "ready" && statusOf(second.runtime, web)?.upToDate);
  assert.deepEqual(Object.keys(await idsOf(web)).sort(), ["", "setup", "side", "web"]);
  assert.deepEqual(await second.runtime.plan(last), { kind: "none", changes: [] });
  await second.runtime.remove(web, { volumes: true });
  assert.deepEqual(await idsOf(web), {});
});
