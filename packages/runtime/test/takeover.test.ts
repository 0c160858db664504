import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Container, Pod, PodKey } from "@outrigger/pod";
import { requestLoop } from "./request-loop.ts";
import {
  busyboxImage,
  client,
  execute,
  freePort,
  harness,
  idsOf,
  plugin,
  podOf,
  relayImage,
  shell,
  sleeps,
  statusOf,
  until,
} from "./support.ts";

const [image, relay] = [await busyboxImage({ after }), await relayImage()];
const times = { initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };

/** An ingress plug-in that adds its name to what it passes on. */
function gate(name: string, listen: number, target: number, more: Partial<Container> = {}): Container {
  const command = ["perl", "/relay.pl", name, String(listen), `127.0.0.1:${target}`];
  return shell(name, relay, "", { ...plugin(name, "network"), command, readiness: { ...times, tcpSocket: { port: listen } }, ...more });
}

const serve = "mkdir -p /www; echo app >/www/index.html; exec httpd -f -p 8080 -h /www";
const app = shell("web", image, serve, { readiness: { ...times, httpGet: { port: 8080, path: "/", scheme: "HTTP" } } });
const direct = (published: number): Partial<Pod> => ({
  ports: [{ port: 8080, protocol: "http", publish: { address: "127.0.0.1", port: published } }],
});
const through = (published: number, entry: number, ...inner: readonly number[]): Partial<Pod> => ({
  ports: [
    { port: 8080, protocol: "http", publish: { address: "127.0.0.1", port: published }, entry, ...(inner.length === 0 ? {} : { inner }) },
  ],
});

async function settled(runtime: Awaited<ReturnType<typeof harness>>["runtime"], key: PodKey): Promise<void> {
  await until("as wanted", () => statusOf(runtime, key)?.state === "ready" && statusOf(runtime, key)?.upToDate).catch((error: Error) => {
    throw new DOMException(`${error.message}: ${JSON.stringify(runtime.statuses(key))}`);
  });
}

test("an ingress plug-in comes and goes while requests go on, by every way in; nothing else is touched", async (t) => {
  const { runtime, key } = await harness(t);
  const [web, ask] = [key("web"), key("ask")];
  const published = await freePort();
  runtime.want(podOf(web, [app], direct(published)));
  runtime.want(podOf(ask, [shell("ask", image, sleeps)]));
  await settled(runtime, web);
  await settled(runtime, ask);
  const first = await idsOf(web);
  const { ip = "" } = statusOf(runtime, web) ?? {};
  const loops = [requestLoop(t, `http://127.0.0.1:${published}/`), requestLoop(t, `http://${ip}:8080/`)];
  const within = async () => (await execute((await idsOf(ask))["ask"], "wget", "-q", "-O-", "http://web:8080/")).output;
  assert.equal(await within(), "app");
  const guarded = podOf(web, [gate("gate", 65301, 8080), app], through(published, 65301));
  const { kind, changes } = await runtime.plan(guarded);
  assert.deepEqual([kind, changes.map((change) => change.action)], ["restart", ["add", undefined]]);
  runtime.want(guarded);
  await settled(runtime, web);
  assert.equal(await within(), "gate app");
  await until("both ways in pass the gate", () => loops.every(({ last }) => last() === "gate app\n"));
  const second = await idsOf(web);
  assert.deepEqual([second[""], second["web"]], [first[""], first["web"]]);
  assert.deepEqual(await runtime.plan(guarded), { kind: "none", changes: [] });
  runtime.want(podOf(web, [app], direct(published)));
  await settled(runtime, web);
  assert.equal(await within(), "app");
  await until("both ways in are direct", () => loops.every(({ last }) => last() === "app\n"));
  assert.deepEqual(await idsOf(web), first);
  for (const { failures, answers } of await Promise.all(loops.map((loop) => loop.stop()))) {
    assert.deepEqual(failures, []);
    assert.ok(answers > 50, `${answers} requests`);
  }
});

test("two ingress plug-ins pass on in their order, nobody reaches the second past the first, and probes reach the app", async (t) => {
  const { runtime, key } = await harness(t);
  const [web, ask] = [key("web"), key("ask")];
  const published = await freePort();
  const ways = through(published, 65301, 65302);
  runtime.want(podOf(web, [gate("one", 65301, 65302), gate("two", 65302, 8080), app], ways));
  runtime.want(podOf(ask, [shell("ask", relay, sleeps)]));
  await settled(runtime, web);
  await settled(runtime, ask);
  const { ask: id } = await idsOf(ask);
  const fetched = await execute(id, "perl", "/get.pl", "web:8080");
  assert.equal(fetched.output, "one two app");
  const begun = Date.now();
  const past = await execute(id, "perl", "/get.pl", "web:65302");
  assert.match(past.output, /Connection refused/);
  assert.ok(Date.now() - begun < 4_000, "refused, not left waiting");
  const door = await execute(id, "perl", "/get.pl", "web:64001");
  assert.match(door.output, /Connection refused/);
  // The app's own probe is asked of the app, not of the plug-ins, which may turn it away.
  const log = await execute((await idsOf(web))["one"], "cat", "/tmp/seen");
  assert.doesNotMatch(log.output, /outrigger-probe/);
  // Only the helper has power over the network, and it has ended.
  const { "": infra, redirects } = await idsOf(web);
  const [of, by] = await Promise.all([infra, redirects].map((each) => client.call<Inspection>("GET", `/containers/${each}/json`)));
  assert.deepEqual([of?.HostConfig.CapAdd, of?.HostConfig.ReadonlyRootfs], [null, true]);
  assert.deepEqual([by?.HostConfig.CapAdd, by?.HostConfig.CapDrop, by?.State.Status], [["NET_ADMIN"], ["ALL"], "exited"]);
});

interface Inspection {
  readonly HostConfig: { readonly CapAdd: readonly string[] | null; readonly CapDrop: readonly string[]; readonly ReadonlyRootfs: boolean };
  readonly State: { readonly Status: string };
}

test("a guard that is replaced or that dies is not passed by meanwhile", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  const published = await freePort();
  const ways = through(published, 65301);
  runtime.want(podOf(web, [gate("gate", 65301, 8080), app], ways));
  await settled(runtime, web);
  const loop = requestLoop(t, `http://127.0.0.1:${published}/`);
  await until("an answer", () => loop.last());
  runtime.want(podOf(web, [gate("gate", 65301, 8080, { env: [{ name: "NEW", value: "1" }] }), app], ways));
  await until("replaced", () => statusOf(runtime, web)?.upToDate === true && statusOf(runtime, web)?.state === "ready");
  await client.call("POST", `/containers/${(await idsOf(web))["gate"]}/kill`);
  await until(
    "started again",
    () => (statusOf(runtime, web)?.containers[0]?.restarts ?? 0) > 0 && statusOf(runtime, web)?.state === "ready",
  );
  await until("an answer again", () => loop.last() === "gate app\n");
  const { bodies } = await loop.stop();
  assert.deepEqual([...bodies], ["gate app\n"]);
});
