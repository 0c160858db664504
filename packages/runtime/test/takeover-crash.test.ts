import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod, PodKey } from "@outrigger/pod";
import type { Labels } from "../src/docker/client/types.ts";
import { infraImage } from "../src/docker/traffic/infra-image.ts";
import { requestLoop } from "./request-loop.ts";
import { busyboxImage, client, harness, idsOf, plugin, podOf, relayImage, shell, statusOf, unique, until } from "./support.ts";

const [image, relay] = [await busyboxImage({ after }), await relayImage()];
const times = { initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
const serve = "mkdir -p /www; echo app >/www/index.html; exec httpd -f -p 8080 -h /www";

function pods(web: PodKey): { readonly direct: Pod; readonly guarded: Pod } {
  const app = shell("web", image, serve);
  const command = ["perl", "/relay.pl", "gate", "65301", "127.0.0.1:8080"];
  const gate = shell("gate", relay, "", { ...plugin("gate", "network"), command, readiness: { ...times, tcpSocket: { port: 65301 } } });
  return {
    direct: podOf(web, [app], { ports: [{ port: 8080, protocol: "http" }] }),
    guarded: podOf(web, [gate, app], { ports: [{ port: 8080, protocol: "http", entry: 65301 }] }),
  };
}

async function settled(runtime: Awaited<ReturnType<typeof harness>>["runtime"], key: PodKey): Promise<string> {
  await until("as wanted", () => statusOf(runtime, key)?.state === "ready" && statusOf(runtime, key)?.upToDate);
  return `http://${statusOf(runtime, key)?.ip}:8080/`;
}

test("killed at any moment of a take-over, the next runtime ends where it should, and every request was answered", async (t) => {
  const one = await harness(t);
  const web = one.key("web");
  const { direct, guarded } = pods(web);
  one.runtime.want(direct);
  const url = await settled(one.runtime, web);
  const { web: app } = await idsOf(web);
  await one.runtime.close();
  const loop = requestLoop(t, url);
  for (let round = 0; round < 8; round += 1) {
    const wanted = JSON.stringify(round % 2 === 0 ? guarded : direct);
    const path = new URL("keep-pod.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [path, one.owner, one.filesFolder, wanted], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    await sleep(Math.random() * 1200);
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  const two = await harness(t, { owner: one.owner });
  two.runtime.want(guarded);
  await settled(two.runtime, web);
  await until("the gate answers", () => loop.last() === "gate app\n");
  two.runtime.want(direct);
  await settled(two.runtime, web);
  await until("the app answers", () => loop.last() === "app\n");
  assert.deepEqual(Object.keys(await idsOf(web)).sort(), ["", "web"]);
  assert.equal((await idsOf(web))["web"], app);
  assert.deepEqual((await loop.stop()).failures, []);
});

test("redirects of which nobody knows whether they were laid are laid anew", async (t) => {
  const one = await harness(t);
  const web = one.key("web");
  const { guarded } = pods(web);
  one.runtime.want(guarded);
  await settled(one.runtime, web);
  await one.runtime.close();
  const { redirects } = await idsOf(web);
  const { Config } = await client.call<{ readonly Config: { readonly Labels: Labels } }>("GET", `/containers/${redirects}/json`);
  await client.call("POST", "/containers/create", {
    query: { name: unique("half-way-") },
    body: {
      Image: infraImage,
      Labels: { ...Config.Labels, "dev.outrigger.ways": JSON.stringify({ ports: [], detours: [], host: "", plugins: [] }) },
    },
  });
  const two = await harness(t, { owner: one.owner });
  two.runtime.want(guarded);
  await settled(two.runtime, web);
  const query = { all: true, filters: { label: [`dev.outrigger.owner=${one.owner}`, "dev.outrigger.role=redirects"] } };
  const helpers = await client.call<readonly { readonly Id: string; readonly State: string }[]>("GET", "/containers/json", { query });
  assert.deepEqual(
    helpers.map(({ State }) => State),
    ["exited"],
  );
  assert.notEqual(helpers[0]?.Id, redirects);
});

test("a kernel that refuses is told as the reason, and the app waits", async (t) => {
  const { runtime, key, events } = await harness(t);
  const web = key("web");
  const { guarded } = pods(web);
  // Longer than any address, so the kernel refuses its rule.
  const detours = [
    { component: "api", addresses: [Array(20).fill("1").join(".")], port: 80, protocol: "http" as const, listen: 65401, exceptUsers: [] },
  ];
  runtime.want({ ...guarded, detours });
  const status = await until("failing", () => [statusOf(runtime, web)].find((each) => each?.state === "failing"));
  assert.match(status?.reason ?? "", /can't be led through its network plug-ins: the kernel needs nf_tables with nat/);
  assert.equal(status?.containers.find(({ role }) => role === "app")?.state, "waiting");
  await sleep(2_500);
  assert.equal(events.filter(({ reason }) => reason === "redirects-refused").length, 1);
  assert.deepEqual(Object.keys(await idsOf(web)).sort(), ["", "gate", "web"]);
  runtime.want(guarded);
  await settled(runtime, web);
});
