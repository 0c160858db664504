import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { defineClusterPlugin } from "@outrigger/sdk";
import { type FakeHosts, fakeHosts, fakeKubernetes, runClusterPlugin } from "@outrigger/sdk/cluster/test-kit";
import { Client } from "ssh2";

async function hostsOf(t: TestContext, ...given: Parameters<typeof fakeHosts>): Promise<FakeHosts> {
  const hosts = await fakeHosts(...given);
  t.after(() => hosts.close());
  return hosts;
}

test("scripts run by bash on fake hosts, each in its own folder, over SSH", async (t) => {
  const hosts = await hostsOf(t, [{ roles: ["master"] }, { roles: ["node", "gpu"], labels: { disk: "ssd" } }]);
  const plugin = defineClusterPlugin({
    async run({ exec, hosts, log, cluster }) {
      for (const { ip, roles, master0, labels } of hosts) {
        const { exit, stdout, stderr } = await exec(ip, 'echo "$WHO" > who; pwd; echo warned >&2; exit 3', {
          env: { WHO: `it's "${ip}"` },
        });
        log.info(JSON.stringify([exit, stdout.trim(), stderr, roles, master0, labels, cluster.hosts.length]));
      }
    },
  });
  const { log, executed, error } = await runClusterPlugin(plugin, { phase: "PostInstall", hosts, privileges: ["exec"] });
  assert.equal(error, undefined);
  const [one, two] = hosts.hosts;
  assert.ok(one && two && one.ip !== two.ip && one.ip.startsWith("127."));
  assert.deepEqual(
    log.map(({ text }) => JSON.parse(text)),
    [
      [3, one.folder, "warned\n", ["master"], true, {}, 2],
      [3, two.folder, "warned\n", ["node", "gpu"], false, { disk: "ssd" }, 2],
    ],
  );
  assert.equal(readFileSync(join(two.folder, "who"), "utf8"), `it's "${two.ip}"\n`);
  assert.deepEqual(
    executed.map(({ host, exit }) => [host, exit]),
    [
      [one.ip, 3],
      [two.ip, 3],
    ],
  );
  assert.equal(one.executed[0]?.command, "bash -s");
  assert.match(one.executed[0]?.script ?? "", /^set -euo pipefail\nexport WHO=/);
  assert.equal(one.executed[0]?.exit, 3);
  await hosts.close();
  assert.equal(existsSync(one.folder), false);
});

test("a script's failing line ends it, and answers stand in for what must not run here", async (t) => {
  const hosts = await hostsOf(t, 1, { answer: (_, script) => (script.includes("reboot") ? { stdout: "rebooting\n" } : undefined) });
  const plugin = defineClusterPlugin({
    async run({ exec, hosts: [host], log }) {
      for (const script of ["reboot", "false\necho never", "cat /dev/null; echo $-"]) {
        const { exit, stdout } = await exec(host?.ip ?? "", script);
        log.info(`${exit} ${stdout.trim()}`);
      }
    },
  });
  const { log } = await runClusterPlugin(plugin, { phase: "PreInit", hosts, privileges: ["exec"] });
  assert.deepEqual(
    log.slice(0, 2).map(({ text }) => text),
    ["0 rebooting", "1 "],
  );
  assert.match(log[2]?.text ?? "", /^0 .*e.*u/);
});

test("hosts can refuse, drop off, hang, and fail", async (t) => {
  const hosts = await hostsOf(t, 1);
  const [host] = hosts.hosts;
  const plugin = defineClusterPlugin({
    run: async ({ exec, hosts: [one], log }) => log.info(String((await exec(one?.ip ?? "", "sleep 0.5", { timeout: 3_000 })).exit)),
  });
  const run = () => runClusterPlugin(plugin, { phase: "PreInit", hosts, privileges: ["exec"] });
  host?.fail("refuse");
  assert.match((await run()).error?.message ?? "", /can't be reached/);
  host?.fail({ exit: 42 });
  assert.equal((await run()).log[0]?.text, "42");
  host?.fail("hang");
  assert.match((await run()).error?.message ?? "", /did not end within \d+ ms/);
  host?.fail("none");
  const before = host?.executed.length ?? 0;
  const running = run();
  while (host?.executed.length === before) await new Promise((later) => setTimeout(later, 5));
  host?.fail("drop");
  assert.match((await running).error?.message ?? "", /the connection dropped/);
  host?.fail("none");
  assert.equal((await run()).log[0]?.text, "0");
});

test("a wrong password is refused, and connections are forwarded", async (t) => {
  const { hosts, user, password } = await hostsOf(t, 1);
  const [host] = hosts;
  const wrong = new Client();
  const refused = new Promise<string>((resolve) => wrong.on("error", (error) => resolve(error.message)));
  wrong.connect({ host: host?.ip ?? "", port: host?.port ?? 0, username: user, password: "guess" });
  assert.match(await refused, /authentication methods failed/);
  const server = createServer((socket) => socket.end("api"));
  t.after(() => server.close());
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
  const client = new Client().on("error", () => {}); // the host goes first
  t.after(() => client.end());
  await new Promise((resolve) =>
    client.on("ready", () => resolve(undefined)).connect({ host: host?.ip ?? "", port: host?.port ?? 0, username: user, password }),
  );
  const text = await new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 1, "127.0.0.1", port, (error, stream) =>
      error ? reject(error) : stream.on("data", (part: Buffer) => resolve(part.toString())),
    );
  });
  assert.equal(text, "api");
});

test("privileges, data, time and errors are as with a runner", async () => {
  const exec = defineClusterPlugin({ run: async ({ exec }) => void (await exec("10.0.0.1", "true")) });
  const denied = await runClusterPlugin(exec, { phase: "PreInit" });
  assert.match(denied.error?.message ?? "", /does not have the privilege exec/);
  assert.deepEqual(denied.executed, []);
  const named = await runClusterPlugin(exec, { phase: "PreInit", privileges: ["exec"] });
  assert.match(named.error?.message ?? "", /it is a name only/);
  const far = await runClusterPlugin(exec, { phase: "PreInit", hosts: 2, on: ["10.0.0.2"], privileges: ["exec"], exec: () => ({}) });
  assert.match(far.error?.message ?? "", /exec:all/);
  const picky = defineClusterPlugin({ validate: (data) => (data === 1 ? [] : ["It is not 1."]), run() {} });
  assert.deepEqual((await runClusterPlugin(picky, { phase: "PreInit", data: 2 })).problems, ["It is not 1."]);
  assert.equal((await runClusterPlugin(picky, { phase: "PreInit", data: 1 })).error, undefined);
  const slow = defineClusterPlugin({ run: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())) });
  assert.match((await runClusterPlugin(slow, { phase: "PreInit", timeout: 100 })).error?.message ?? "", /its time is over/);
  const none = await runClusterPlugin(picky, { phase: "PreInit", method: "undo", data: 1 });
  assert.match(none.error?.message ?? "", /has no undo/);
});

test("the fake API lists, selects and patches nodes as a real one", async () => {
  const kubernetes = fakeKubernetes([
    { name: "a", ip: "10.0.0.1", labels: { disk: "ssd", zone: "x" } },
    { name: "b", labels: { disk: "hdd" }, ready: false },
    { name: "c" },
  ]);
  const { client } = kubernetes;
  const names = async (selector?: string): Promise<string> =>
    (await client.listNodes(selector)).map(({ metadata }) => metadata.name).join("");
  assert.equal(await names(), "abc");
  const selectors: readonly (readonly [string, string])[] = [
    ["disk=ssd", "a"],
    ["disk==ssd", "a"],
    ["disk!=ssd", "bc"],
    ["disk", "ab"],
    ["!disk", "c"],
    ["disk in (ssd, hdd)", "ab"],
    ["disk notin (ssd)", "bc"],
    ["disk,zone=x", "a"],
    ["disk in (ssd,hdd),!zone", "b"],
  ];
  for (const [selector, wanted] of selectors) assert.equal(await names(selector), wanted, selector);
  await assert.rejects(names("disk=(x"), /400: unable to parse/);
  assert.equal((await client.nodeOf("10.0.0.1"))?.metadata.name, "a");
  await client.patch("/api/v1/nodes/a", "merge", { metadata: { labels: { zone: null, new: "y" } } });
  assert.deepEqual(kubernetes.nodes()[0]?.metadata.labels, { "kubernetes.io/hostname": "a", disk: "ssd", new: "y" });
  const taint = (key: string, effect: string) => ({ key, effect });
  await client.patch("/api/v1/nodes/a", "strategic-merge", { spec: { taints: [taint("k", "NoSchedule"), taint("l", "NoExecute")] } });
  await client.patch("/api/v1/nodes/a", "strategic-merge", { spec: { taints: [{ key: "l", $patch: "delete" }, taint("k", "NoExecute")] } });
  assert.deepEqual(kubernetes.nodes()[0]?.spec.taints, [taint("k", "NoExecute")]);
  await client.patch("/api/v1/nodes/a", "json", [
    { op: "test", path: "/spec/taints/0/key", value: "k" },
    { op: "add", path: "/metadata/labels/example.com~1x", value: "1" },
    { op: "remove", path: "/spec/taints/0" },
  ]);
  assert.equal(kubernetes.nodes()[0]?.metadata.labels?.["example.com/x"], "1");
  assert.deepEqual(kubernetes.nodes()[0]?.spec.taints, []);
  const before = kubernetes.nodes()[0];
  await assert.rejects(client.patch("/api/v1/nodes/a", "json", [{ op: "test", path: "/spec/taints", value: [1] }]), /422: .*testing value/);
  await assert.rejects(
    client.patch("/api/v1/nodes/a", "merge", { metadata: { resourceVersion: "1", labels: { z: "z" } } }),
    /409: .*modified/,
  );
  await assert.rejects(client.patch("/api/v1/nodes/x", "merge", {}), /404: nodes "x" not found/);
  await assert.rejects(client.list("/api/v1/pods"), /404: the server could not find the requested resource/);
  await assert.rejects(client.remove("/api/v1/nodes/a"), /405/);
  await client.patch("/api/v1/nodes/a", "merge", { status: { conditions: [] } });
  assert.deepEqual(kubernetes.nodes()[0], before);
  await client.patch("/api/v1/nodes/a/status", "merge", { status: { conditions: [] } });
  assert.deepEqual(kubernetes.nodes()[0]?.status.conditions, []);
  assert.deepEqual(kubernetes.requests.at(-1), {
    method: "PATCH",
    path: "/api/v1/nodes/a/status",
    patch: "merge",
    body: { status: { conditions: [] } },
  });
});
