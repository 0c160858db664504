import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ApplicationNetwork } from "../src/index.ts";
import { busyboxImage, harness, podOf, shell, sleeps, statusOf, until, untilState } from "./support.ts";

const image = await busyboxImage({ after });

test("networks are told at the start, before the first container runs, and when they go", async (t) => {
  const told: (readonly ApplicationNetwork[])[] = [];
  let failures = 1;
  let isTold: boolean = false;
  const { runtime, owner, key, statuses } = await harness(t, {
    onNetworks: async (networks) => {
      if (networks.length > 0 && failures-- > 0) throw new DOMException("no listener yet", "NotSupportedError");
      told.push(networks);
      isTold ||= networks.length > 0;
    },
    onStatus: (status) => {
      statuses.push(status);
      assert.ok(isTold || status.containers.every(({ startedAt }) => startedAt === undefined));
    },
  });
  assert.deepEqual([...told], [[]]);
  const web = key("web");
  const env = [{ name: "HOST", parts: ["http://", { fact: "discovery.host" as const }, ":6100"] }];
  runtime.want(podOf(web, [shell("web", image, `echo "$HOST"; ${sleeps}`, { env })]));
  const { ip = "" } = await untilState(runtime, web, "ready");
  const [network] = told.at(-1) ?? [];
  assert.deepEqual([told.at(-1)?.length, network?.team, network?.application], [1, web.team, web.application]);
  assert.ok(network?.subnet.startsWith(ip.split(".").slice(0, 2).join(".")));
  const line = await until("its word", async () => (await Array.fromAsync(runtime.logs(web, {}))).at(0));
  assert.equal(line.text, `http://${network?.gateway}:6100`);
  const second: (readonly ApplicationNetwork[])[] = [];
  await harness(t, { owner, onNetworks: async (networks) => void second.push(networks) });
  assert.deepEqual(second, [[network]]);
  assert.equal(statusOf(runtime, web)?.state, "ready");
  await runtime.remove(web, { volumes: true });
  assert.deepEqual(told.at(-1), []);
});
