import assert from "node:assert/strict";
import { after, test } from "node:test";
import { busyboxImage, client, harness, idsOf, plugin, podOf, removeAllOf, shell, sleeps, statusOf, until, untilState } from "./support.ts";

const image = await busyboxImage({ after });

test("another runtime of the same owner adopts what runs, and changes nothing", async (t) => {
  const first = await harness(t);
  const web = first.key("web");
  const pod = podOf(web, [shell("setup", image, "exit 0", plugin("setup", "init")), shell("web", image, sleeps)]);
  first.runtime.want(pod);
  await untilState(first.runtime, web, "ready");
  const before = await idsOf(web);
  await first.runtime.close();
  const second = await harness(t, { owner: first.owner });
  await until("adopted", () => statusOf(second.runtime, web)?.state === "ready");
  second.runtime.want(pod);
  await until("as wanted", () => statusOf(second.runtime, web)?.upToDate);
  assert.deepEqual(await idsOf(web), before);
  assert.deepEqual(await second.runtime.plan(pod), { kind: "none", changes: [] });
  assert.deepEqual(second.events, []);
});

test("a changed sidecar is replaced alone; an added one is added; a removed one goes", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  const app = shell("web", image, sleeps);
  const sidecar = (text: string) => shell("side", image, sleeps, { ...plugin("side", "sidecar"), env: [{ name: "TEXT", value: text }] });
  runtime.want(podOf(web, [app, sidecar("one")]));
  await untilState(runtime, web, "ready");
  const first = await idsOf(web);
  const changed = podOf(web, [app, sidecar("two"), shell("more", image, sleeps, plugin("more", "sidecar"))]);
  assert.equal((await runtime.plan(changed)).kind, "restart");
  runtime.want(changed);
  await until("three run", () => statusOf(runtime, web)?.state === "ready" && statusOf(runtime, web)?.upToDate);
  const second = await idsOf(web);
  assert.deepEqual([second["web"], second[""]], [first["web"], first[""]]);
  assert.notEqual(second["side"], first["side"]);
  assert.notEqual(second["more"], undefined);
  runtime.want(podOf(web, [app]));
  await until("one runs", async () => statusOf(runtime, web)?.upToDate && Object.keys(await idsOf(web)).length === 2);
  assert.equal((await idsOf(web))["web"], first["web"]);
});

test("what only a new pod can have makes it anew, and the last of two wishes counts", async (t) => {
  const { runtime, key, events } = await harness(t);
  const web = key("web");
  const withInit = (text: string) =>
    podOf(web, [shell("setup", image, `echo ${text}`, plugin("setup", "init")), shell("web", image, sleeps)]);
  runtime.want(withInit("one"));
  await untilState(runtime, web, "ready");
  const first = await idsOf(web);
  runtime.want(withInit("two"));
  runtime.want(withInit("three"));
  await until("made anew", () => statusOf(runtime, web)?.state === "ready" && statusOf(runtime, web)?.upToDate);
  const second = await idsOf(web);
  assert.deepEqual(
    Object.keys(second).filter((name) => second[name] === first[name]),
    [],
  );
  assert.equal(events.filter(({ reason }) => reason === "recreated").length, 1);
  const lines = await Array.fromAsync(runtime.logs(web, { containers: ["setup"] }));
  assert.deepEqual(
    lines.map(({ text }) => text),
    ["three"],
  );
});

test("a removed container comes back alone; a removed infra container brings the pod back whole", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  runtime.want(podOf(web, [shell("web", image, sleeps), shell("side", image, sleeps, plugin("side", "sidecar"))]));
  await untilState(runtime, web, "ready");
  const first = await idsOf(web);
  await client.call("DELETE", `/containers/${first["side"]}`, { query: { force: true } });
  await until(
    "the sidecar is back",
    async () => (await idsOf(web))["side"] !== undefined && statusOf(runtime, web)?.upToDate && statusOf(runtime, web)?.state === "ready",
  );
  const second = await idsOf(web);
  assert.equal(second["web"], first["web"]);
  await client.call("DELETE", `/containers/${first[""]}`, { query: { force: true } });
  await until("the pod is back", async () => {
    const now = await idsOf(web);
    return now[""] !== undefined && now[""] !== first[""] && statusOf(runtime, web)?.state === "ready" && statusOf(runtime, web)?.upToDate;
  });
  const third = await idsOf(web);
  assert.deepEqual(
    Object.keys(third).filter((name) => third[name] === second[name]),
    [],
  );
});

test("a pod cut off from its network is made anew", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  runtime.want(podOf(web, [shell("web", image, sleeps)]));
  await untilState(runtime, web, "ready");
  const first = await idsOf(web);
  const name = `outrigger.${web.team}.${web.application}`;
  await client.call("POST", `/networks/${name}/disconnect`, { body: { Container: first[""], Force: true } });
  await until(
    "a new pod",
    async () => (await idsOf(web))[""] !== first[""] && statusOf(runtime, web)?.state === "ready" && statusOf(runtime, web)?.upToDate,
  );
});

test("two owners leave each other alone, and a taken name is told", async (t) => {
  const one = await harness(t);
  const two = await harness(t);
  const web = one.key("web");
  one.runtime.want(podOf(web, [shell("web", image, sleeps)]));
  await untilState(one.runtime, web, "ready");
  const before = await idsOf(web);
  two.runtime.want(podOf(web, [shell("web", image, sleeps)]));
  const status = await untilState(two.runtime, web, "waiting");
  assert.match(status.reason ?? "", new RegExp(`belongs to the Outrigger server ${one.owner}`));
  assert.deepEqual(await two.runtime.known(), []);
  await two.runtime.remove(web, { volumes: true });
  assert.deepEqual(await idsOf(web), before);
});

test("named volumes stay until they are asked to go", async (t) => {
  const { runtime, owner, key } = await harness(t);
  const web = key("web");
  const mounts = [{ volume: "keep", path: "/keep", readOnly: false }];
  const pod = podOf(web, [shell("web", image, `[ -f /keep/mark ] && echo found; touch /keep/mark; ${sleeps}`, { mounts })], {
    volumes: [{ name: "keep", ephemeral: false }],
  });
  runtime.want(pod);
  await untilState(runtime, web, "ready");
  await runtime.remove(web, { volumes: false });
  runtime.want(pod);
  await untilState(runtime, web, "ready");
  await until("the file is found", async () => (await Array.fromAsync(runtime.logs(web, {}))).some(({ text }) => text === "found"));
  await runtime.remove(web, { volumes: true });
  const { Volumes } = await client.call<{ Volumes: readonly object[] | null }>("GET", "/volumes", {
    query: { filters: { label: [`dev.outrigger.owner=${owner}`] } },
  });
  assert.deepEqual(Volumes ?? [], []);
  await removeAllOf(owner);
});
