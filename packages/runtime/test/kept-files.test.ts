import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Container, Discovery, DiscoveryFile, Pod, PodKey } from "@outrigger/pod";
import {
  busyboxImage,
  client,
  execute,
  type Harness,
  harness,
  idsOf,
  plugin,
  podOf,
  shell,
  sleeps,
  statusOf,
  until,
  untilState,
} from "./support.ts";

const image = await busyboxImage({ after });

type FileParts = Pick<DiscoveryFile, "path"> & Partial<DiscoveryFile>;

function document(rate: string): DiscoveryFile["document"] {
  const secret = { plugin: "side", group: "g", item: "TOKEN", digest: "d" };
  return { base_ports: [], base_services: [], base_normal: { options: { RATE: rate, WHO: [{ fact: "pod.name" }], TOKEN: { secret } } } };
}

/** Settings with one number in them, kept as these files. */
function settings(revision: number, rate: string, ...files: readonly FileParts[]): Readonly<Record<string, Discovery>> {
  const template = "rate={{ base_normal.options.RATE }} who={{ base_normal.options.WHO }}\n";
  const whole = files.map((file): DiscoveryFile => ({ format: "template", template, mode: "0644", document: document(rate), ...file }));
  return { side: { revision, document: document(rate), files: whole } };
}

function podWith(web: PodKey, script: string, discovery: Readonly<Record<string, Discovery>>, more: Partial<Container> = {}): Pod {
  const side = shell("side", image, script, { ...plugin("side", "sidecar"), fileDirectories: ["/etc/side"], ...more });
  return podOf(web, [shell("web", image, sleeps), side], { discovery });
}

function settingsOf(
  { runtime }: Harness,
  web: PodKey,
): { readonly revision: number; readonly at: string; readonly problem?: string } | undefined {
  return statusOf(runtime, web)?.containers.find(({ name }) => name === "side")?.settings;
}

async function inContainer(web: PodKey, ...command: readonly string[]): Promise<string> {
  return (await execute((await idsOf(web))["side"], ...command)).output;
}

/** All that its containers have said. */
async function saidBy({ runtime }: Harness, web: PodKey): Promise<readonly string[]> {
  return (await Array.fromAsync(runtime.logs(web, { containers: ["side"] }))).map(({ text }) => text);
}

const onHup =
  "trap 'echo told: $(cat /etc/side/s.conf)' HUP; trap 'exit 0' TERM; echo first: $(cat /etc/side/s.conf); while :; do sleep 0.05; done";

test("a file is there before the first start; a change reaches the process by a signal, and touches no container", async (t) => {
  const all = await harness(t);
  const { runtime, key, filesFolder } = all;
  const web = key("web");
  const files: readonly FileParts[] = [
    { path: "/etc/side/s.conf", reload: { signal: "SIGHUP" } },
    { path: "/etc/side/deep/env.env", format: "env", mode: "0640" },
  ];
  const name = `${web.application}-web`;
  runtime.want(podWith(web, onHup, settings(3, "1", ...files), { securityContext: { runAsUser: 4321 } }));
  await untilState(runtime, web, "ready");
  await until("its first word", async () => (await saidBy(all, web)).includes(`first: rate=1 who=${name}`));
  assert.equal(settingsOf(all, web)?.revision, 3);
  assert.equal(await inContainer(web, "cat", "/etc/side/deep/env.env"), `RATE=1\nWHO=${name}\nTOKEN='the text of TOKEN'`);
  assert.match(await inContainer(web, "sh", "-c", "touch /etc/side/mine 2>&1"), /Read-only file system/);
  const before = await idsOf(web);
  const changed = podWith(web, onHup, settings(4, "2", ...files), { securityContext: { runAsUser: 4321 } });
  assert.deepEqual(await runtime.plan(changed), { kind: "hot", changes: [{ kind: "hot", reason: "side: its live settings change" }] });
  runtime.want(changed);
  await until("told", async () => (await saidBy(all, web)).includes(`told: rate=2 who=${name}`));
  await until("as wanted", () => settingsOf(all, web)?.revision === 4 && statusOf(runtime, web)?.upToDate);
  assert.equal(settingsOf(all, web)?.problem, undefined);
  assert.deepEqual(await idsOf(web), before);
  assert.equal((await saidBy(all, web)).filter((line) => line.startsWith("told")).length, 1);
  const folder = join(filesFolder, `${web.team}.${web.application}.web`, "side");
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.doesNotMatch(await configsOf(web), /the text of/);
  await runtime.remove(web, { volumes: false });
  assert.deepEqual(await readdir(filesFolder), []);
});

/** What the engine shows of its containers. */
async function configsOf(web: PodKey): Promise<string> {
  const ids = Object.values(await idsOf(web));
  const found = await Promise.all(ids.map((id) => client.call<{ Config: object }>("GET", `/containers/${id}/json`)));
  return JSON.stringify(found.map(({ Config }) => Config));
}

test("a refused text leaves the old one, says why without secrets, and is not tried again", async (t) => {
  const all = await harness(t);
  const { runtime, key, events } = all;
  const web = key("web");
  const template = "{{ base_normal.options.RATE }} {{ base_normal.options.TOKEN }}\n";
  const check = ["sh", "-c", 'echo tried >>/tmp/tries; read rate rest <{}; echo "line 1: $rate with $rest"; [ "$rate" -lt 10 ]'];
  const good: FileParts = { path: "/etc/side/s.conf", template, check, reload: { signal: "SIGHUP" } };
  const plain: FileParts = { path: "/etc/side/plain.json", format: "json" };
  runtime.want(podWith(web, onHup, settings(1, "5", good, plain)));
  await untilState(runtime, web, "ready");
  await until("started", async () => (await saidBy(all, web)).length > 0);
  const { at } = settingsOf(all, web) ?? {};
  runtime.want(podWith(web, onHup, settings(2, "50", good, plain)));
  await until("refused", () => settingsOf(all, web)?.problem);
  assert.deepEqual(settingsOf(all, web), {
    revision: 1,
    at,
    problem: "/etc/side/s.conf: sh ended with 1: line 1: 50 with ***",
  });
  await until("as far as it goes", () => statusOf(runtime, web)?.upToDate);
  assert.equal(await inContainer(web, "cat", "/etc/side/s.conf"), "5 the text of TOKEN");
  // The other file has no check, so it has the new text.
  assert.match(await inContainer(web, "cat", "/etc/side/plain.json"), /"RATE": "50"/);
  assert.equal(await inContainer(web, "ls", "/etc/side"), "plain.json\ns.conf");
  runtime.want({ ...podWith(web, onHup, settings(3, "50", good, plain)), dependsOn: ["web"] });
  await until("looked at again", () => statusOf(runtime, web)?.upToDate);
  assert.equal(await inContainer(web, "cat", "/tmp/tries"), "tried");
  assert.deepEqual(
    events.filter(({ reason }) => reason === "settings-refused").map(({ message }) => message),
    ["side: /etc/side/s.conf: sh ended with 1: line 1: 50 with ***"],
  );
  // A new container of the same image does not get what was refused either.
  const { side } = await idsOf(web);
  runtime.want(podWith(web, onHup, settings(3, "50", good, plain), { env: [{ name: "NEW", value: "1" }] }));
  await until("replaced", async () => (await idsOf(web))["side"] !== side && statusOf(runtime, web)?.state === "ready");
  assert.equal(await inContainer(web, "cat", "/etc/side/s.conf"), "5 the text of TOKEN");
  assert.match(settingsOf(all, web)?.problem ?? "", /line 1: 50/);
  runtime.want(podWith(web, onHup, settings(4, "6", good, plain), { env: [{ name: "NEW", value: "1" }] }));
  await until("taken", () => settingsOf(all, web)?.revision === 4);
  assert.equal(settingsOf(all, web)?.problem, undefined);
  assert.equal(await inContainer(web, "cat", "/etc/side/s.conf"), "6 the text of TOKEN");
});

test("a reload by HTTP that fails is told once, tried again, and done for all files at once", async (t) => {
  const all = await harness(t);
  const { runtime, key, events } = all;
  const web = key("web");
  const reload = { http: { port: 9000, path: "/reload", method: "GET" as const } };
  const files: readonly FileParts[] = ["a", "b"].map((name) => ({ path: `/etc/side/${name}`, reload }));
  // Its log has a line for each answer.
  const serve = "mkdir -p /www; exec httpd -f -vv -p 9000 -h /www";
  const answers = async (status: number) => (await saidBy(all, web)).filter((line) => line.endsWith(`response:${status}`)).length;
  runtime.want(podWith(web, serve, settings(1, "1", ...files)));
  await untilState(runtime, web, "ready");
  runtime.want(podWith(web, serve, settings(2, "2", ...files)));
  await until("the failure", () => settingsOf(all, web)?.problem === "reload: GET /reload on port 9000 answered 404");
  assert.equal(settingsOf(all, web)?.revision, 1);
  assert.equal(statusOf(runtime, web)?.upToDate, false);
  await inContainer(web, "touch", "/www/reload");
  await until("taken", () => settingsOf(all, web)?.revision === 2 && settingsOf(all, web)?.problem === undefined);
  assert.equal(events.filter(({ reason }) => reason === "reload-failed").length, 1);
  runtime.want(podWith(web, serve, settings(3, "3", ...files)));
  await until("taken", () => settingsOf(all, web)?.revision === 3);
  assert.equal(await answers(200), 2);
});

test("a template that can't be filled is refused like a failed check", async (t) => {
  const all = await harness(t);
  const { runtime, key } = all;
  const web = key("web");
  const good: FileParts = { path: "/etc/side/s.conf" };
  runtime.want(podWith(web, sleeps, settings(1, "1", good)));
  await untilState(runtime, web, "ready");
  const endless = "{% for i in (1..99999999) %}{{ i }}{% endfor %}";
  runtime.want(podWith(web, sleeps, settings(2, "2", { ...good, template: endless })));
  const problem = await until("refused", () => settingsOf(all, web)?.problem);
  assert.match(problem, /^\/etc\/side\/s\.conf: .*(limit|memory)/i);
  assert.match(await inContainer(web, "cat", "/etc/side/s.conf"), /^rate=1 /);
});

test("killed between a text and its reload, the next runtime reloads", async (t) => {
  const all = await harness(t);
  const { owner, filesFolder, key } = all;
  const web = key("web");
  // A reload that only ends once it is let, so that the runtime is killed within it.
  const exec = ["sh", "-c", "echo $(cat /etc/side/s.conf) >>/tmp/reloads; until [ -f /tmp/go ]; do sleep 0.05; done"];
  const file: FileParts = { path: "/etc/side/s.conf", reload: { exec } };
  all.runtime.want(podWith(web, sleeps, settings(1, "1", file)));
  await untilState(all.runtime, web, "ready");
  await all.runtime.close();
  const second = podWith(web, sleeps, settings(2, "2", file));
  const path = new URL("keep-pod.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [path, owner, filesFolder, JSON.stringify(second)], { stdio: ["ignore", "pipe", "inherit"] });
  await until("the reload has begun", async () => (await inContainer(web, "cat", "/tmp/reloads")).startsWith("rate=2"));
  child.kill("SIGKILL");
  await once(child, "exit");
  await inContainer(web, "touch", "/tmp/go");
  const next = await harness(t, { owner, filesFolder });
  next.runtime.want(second);
  await until("taken", () => settingsOf({ ...all, runtime: next.runtime }, web)?.revision === 2);
  const name = `${web.application}-web`;
  assert.equal(await inContainer(web, "cat", "/tmp/reloads"), `rate=2 who=${name}\nrate=2 who=${name}`);
  // And once it is told, it is not told again.
  await next.runtime.close();
  const last = await harness(t, { owner, filesFolder });
  last.runtime.want(second);
  await until("as wanted", () => statusOf(last.runtime, web)?.upToDate);
  await sleep(300);
  assert.equal((await inContainer(web, "cat", "/tmp/reloads")).split("\n").length, 2);
});

test("a secret that can't be had for a moment delays the settings, and is no refusal", async (t) => {
  let isAway = false;
  const all = await harness(t, {
    secret: async () => {
      if (isAway) throw new DOMException("the store is away", "NotFoundError");
      return "open sesame";
    },
  });
  const { runtime, key } = all;
  const web = key("web");
  const file: FileParts = { path: "/etc/side/s.conf" };
  runtime.want(podWith(web, sleeps, settings(1, "1", file)));
  await untilState(runtime, web, "ready");
  isAway = true;
  runtime.want(podWith(web, sleeps, settings(2, "2", file)));
  await until("told", () => all.events.some(({ message }) => message === "side: the store is away"));
  assert.equal(settingsOf(all, web)?.revision, 1);
  isAway = false;
  await until("taken", () => settingsOf(all, web)?.revision === 2);
  const folder = join(all.filesFolder, `${web.team}.${web.application}.web`, "side");
  const state = await readFile(join(folder, "state.json"), "utf8");
  assert.doesNotMatch(state, /sesame/);
  await writeFile(join(folder, "state.json"), "{ half");
  runtime.want(podWith(web, sleeps, settings(3, "3", file)));
  await until("a broken record does no harm", () => settingsOf(all, web)?.revision === 3);
});
