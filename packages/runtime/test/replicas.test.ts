import assert from "node:assert/strict";
import { after, test } from "node:test";
import { busyboxImage, client, harness, idsOf, podOf, shell, sleeps, statusOf, until, untilState } from "./support.ts";

const image = await busyboxImage({ after });

test("a component grows and shrinks, and its first pod never notices", async (t) => {
  const { runtime, key, statuses } = await harness(t);
  const [web, ask] = [key("web"), key("ask")];
  const mounts = [
    { volume: "keep", path: "/keep", readOnly: false },
    { volume: "temp", path: "/temp", readOnly: false },
  ];
  const env = [{ name: "NAME", parts: [{ fact: "pod.name" as const }] }];
  const serve = `echo "$NAME $(busybox hostname)"; mkdir -p /www; exec httpd -f -p 80 -h /www`;
  const pod = (replicas: number) =>
    podOf(web, [shell("web", image, serve, { mounts, env })], {
      replicas,
      volumes: [
        { name: "keep", ephemeral: false },
        { name: "temp", ephemeral: true },
      ],
    });
  runtime.want(pod(1));
  await untilState(runtime, web, "ready");
  const first = await idsOf(web);
  assert.deepEqual(await runtime.plan(pod(3)), {
    kind: "hot",
    changes: [{ kind: "hot", reason: "2 pods more: 3 instead of 1" }],
  });
  const shown = statuses.length;
  runtime.want(pod(3));
  for (const replica of [1, 2]) await untilState(runtime, web, "ready", 15_000, replica);
  assert.deepEqual(
    statuses.slice(shown).filter(({ replica }) => replica === 0),
    [],
  );
  assert.deepEqual(await idsOf(web), first);
  assert.deepEqual(await runtime.plan(pod(3)), { kind: "none", changes: [] });
  assert.deepEqual(
    runtime.statuses(web).map(({ replica, name }) => [replica, name.replace(web.application, "APP")]),
    [
      [0, "APP-web"],
      [1, "APP-web-1"],
      [2, "APP-web-2"],
    ],
  );
  const lines = await until("all lines", async () => {
    const all = await Array.fromAsync(runtime.logs(web, {}));
    return all.length === 3 && all;
  });
  for (const { replica, text } of lines) {
    const { name } = statusOf(runtime, web, replica) ?? {};
    assert.equal(text, `${name} ${name}`);
  }
  assert.equal((await Array.fromAsync(runtime.logs(web, { replica: 1 }))).length, 1);
  runtime.want(podOf(ask, [shell("ask", image, `nslookup web. 127.0.0.11; ${sleeps}`)]));
  const addresses = runtime.statuses(web).map(({ ip }) => ip);
  await until("the name means all three", async () => {
    const said = (await Array.fromAsync(runtime.logs(ask, {}))).map(({ text }) => text).join("\n");
    return addresses.every((address) => said.includes(address ?? "none"));
  });
  runtime.want(pod(1));
  await until("the others are gone", async () => runtime.statuses(web).length === 1 && Object.keys(await idsOf(web, 1)).length === 0);
  assert.deepEqual(await idsOf(web), first);
  assert.deepEqual(await volumesOf(web.application), [".web.keep", ".web.temp", ".web_1.keep", ".web_2.keep"]);
  await runtime.remove(web, { volumes: true });
  assert.deepEqual(await volumesOf(web.application), []);
  assert.deepEqual(runtime.statuses(web), []);
});

async function volumesOf(application: string): Promise<readonly string[]> {
  const query = { filters: { label: [`dev.outrigger.application=${application}`] } };
  const { Volumes } = await client.call<{ Volumes: readonly { Name: string }[] | null }>("GET", "/volumes", { query });
  return (Volumes ?? []).map(({ Name }) => Name.slice(Name.indexOf(application) + application.length)).sort();
}

test("another runtime adopts all of a component's pods, and takes away those that are too many", async (t) => {
  const one = await harness(t);
  const web = one.key("web");
  const pod = (replicas: number) => podOf(web, [shell("web", image, sleeps)], { replicas });
  one.runtime.want(pod(3));
  for (const replica of [0, 1, 2]) await untilState(one.runtime, web, "ready", 15_000, replica);
  const [first, second] = [await idsOf(web), await idsOf(web, 1)];
  await one.runtime.close();
  const two = await harness(t, { owner: one.owner });
  assert.deepEqual(await two.runtime.known(), [web]);
  two.runtime.want(pod(2));
  await until("two", async () => two.runtime.statuses(web).length === 2 && Object.keys(await idsOf(web, 2)).length === 0);
  await until("as wanted", () => two.runtime.statuses(web).every(({ state, upToDate }) => state === "ready" && upToDate));
  assert.deepEqual([await idsOf(web), await idsOf(web, 1)], [first, second]);
});

test("pods made when a component had only one are adopted as the first", async (t) => {
  const { runtime, owner, key } = await harness(t);
  const web = key("web");
  const pod = podOf(web, [shell("web", image, sleeps)]);
  runtime.want(pod);
  await untilState(runtime, web, "ready");
  const { "": infra, web: app } = await idsOf(web);
  await runtime.close();
  const names: string[] = [];
  for (const id of [infra, app]) {
    const { Name, Config, HostConfig } = await client.call<Made>("GET", `/containers/${id}/json`);
    const { "dev.outrigger.replica": _, ...labels } = Config.Labels;
    const { replicas: _r, detours: _d, exports: _e, ...frame } = JSON.parse(labels["dev.outrigger.pod"] ?? "{}") as Record<string, unknown>;
    const Labels = { ...labels, ...(labels["dev.outrigger.pod"] === undefined ? {} : { "dev.outrigger.pod": JSON.stringify(frame) }) };
    await client.call("DELETE", `/containers/${id}`, { query: { force: true } });
    const shared = names[0] === undefined ? {} : { NetworkMode: `container:${names[0]}`, IpcMode: `container:${names[0]}` };
    const { Id } = await client.call<{ Id: string }>("POST", "/containers/create", {
      query: { name: Name.slice(1) },
      body: { Image: Config.Image, Entrypoint: Config.Entrypoint, Labels, HostConfig: { ...HostConfig, ...shared } },
    });
    await client.call("POST", `/containers/${Id}/start`);
    names.push(Id);
  }
  const two = await harness(t, { owner });
  two.runtime.want(pod);
  await until("as wanted", () => statusOf(two.runtime, web)?.state === "ready" && statusOf(two.runtime, web)?.upToDate);
  assert.deepEqual(Object.values(await idsOf(web)).sort(), names.sort());
});

interface Made {
  readonly Name: string;
  readonly Config: { readonly Image: string; readonly Entrypoint: readonly string[]; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: object;
}
