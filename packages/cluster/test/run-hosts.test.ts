import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type SshHosts, sshHosts } from "../../../tests/support/ssh-hosts.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { type ConnectOptions, connectHosts, type Host, type HostConnections, type Plan } from "../src/index.ts";
import type { RunEvent } from "../src/run/run-events.ts";
import { carryOut, type ProgramWork, planOf, plugin, scriptEntry, typesOf } from "./run-fakes.ts";

/** Each script leaves a mark each time it runs. */
const mark = (name: string, then = ""): string => `echo ${name} >> /var/lib/outrigger/marks\n${then}\n`;

function marks(hosts: SshHosts): readonly (readonly string[])[] {
  return hosts.hosts.map((host) => (host.read("/var/lib/outrigger/marks") ?? "").split("\n").filter((line) => line !== ""));
}

/** Connections are closed before the hosts end: those that wait for one that is gone would wait long. */
const closing = new WeakMap<TestContext, HostConnections[]>();

async function hostsFor(context: TestContext, count: number): Promise<SshHosts> {
  const ends: (() => unknown)[] = [];
  closing.set(context, []);
  context.after(async () => {
    await Promise.all((closing.get(context) ?? []).map((connections) => connections.close()));
    for (const end of ends) await end();
  });
  return sshHosts({ after: (end) => void ends.push(end as () => unknown) }, count);
}

function connect(context: TestContext, hosts: readonly Host[], knownHosts: string, more: Partial<ConnectOptions> = {}): HostConnections {
  const connections = connectHosts(hosts, {
    knownHosts,
    userKnownHosts: false,
    agent: false,
    keyFolder: false,
    readSecret: async (source) => (source.from === "text" ? source.text : ""),
    onTrust: () => {},
    keepalive: 500,
    connectTimeout: 5_000,
    ...more,
  });
  closing.get(context)?.push(connections);
  return connections;
}

async function waitUntil(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries += 1) {
    assert.ok(tries < 400, "it never came");
    await sleep(50);
  }
}

function planWith(models: readonly Host[], scripts: Readonly<Record<string, string>>, more: Parameters<typeof plugin>[1] = {}): Plan {
  const ips = models.map(({ ip }) => ip);
  return planOf(models, [
    { phase: "PreInit", entries: Object.entries(scripts).map(([name, text]) => scriptEntry("PreInit", plugin(name, more), ips, text)) },
  ]);
}

test("a plan on hosts: scripts one after the other on all of them, output with host and plug-in, nothing left behind", async (context) => {
  const hosts = await hostsFor(context, 3);
  const models = hosts.hosts.map((host) => host.model());
  const folder = temporaryFolder(context);
  const plan = planWith(models, { first: mark("first", "echo hello from $(hostname); echo trouble >&2"), second: mark("second") });
  const connections = connect(context, models, hosts.knownHosts);
  const events: RunEvent[] = [];
  const { result } = await carryOut({ folder, plan, connections, events });
  assert.equal(result, "done");
  for (const each of marks(hosts)) assert.deepEqual(each, ["first", "second"]);
  const [first] = hosts.hosts;
  const lines = events.flatMap((event) =>
    event.event === "output" && event.host === first?.ip ? [`${event.stream} ${event.name} ${event.text}`] : [],
  );
  assert.deepEqual(lines.toSorted(), ["stderr first trouble", "stdout first hello from host-1"]);
  const log = readFileSync(join(folder, `logs/PreInit/first/${first?.ip}.log`), "utf8");
  assert.deepEqual(log.trim().split("\n").toSorted(), ["hello from host-1", "trouble"]);
  for (const host of hosts.hosts) assert.equal((await host.exec("ls /var/lib/outrigger/tasks 2>/dev/null | wc -l")).stdout.trim(), "0");
});

test("a runner killed -9 in the middle of a script: resume waits for it, and nothing runs twice", async (context) => {
  const hosts = await hostsFor(context, 3);
  const models = hosts.hosts.map((host) => host.model());
  const folder = temporaryFolder(context);
  const plan = planWith(models, { before: mark("before"), slow: mark("slow", "sleep 4; echo slept"), after: mark("after") });
  const work: ProgramWork = { hosts: models, plan, folder, knownHosts: hosts.knownHosts };
  const runner = spawn(process.execPath, [join(import.meta.dirname, "run-program.ts"), JSON.stringify(work)], { stdio: "ignore" });
  await waitUntil(() => marks(hosts).every((each) => each.includes("slow")));
  runner.kill("SIGKILL");
  await once(runner, "exit");
  const events: RunEvent[] = [];
  const { result } = await carryOut({ folder, plan, connections: connect(context, models, hosts.knownHosts), events });
  assert.equal(result, "done");
  for (const each of marks(hosts)) assert.deepEqual(each, ["before", "slow", "after"]);
  assert.equal(events.filter((event) => event.event === "output" && event.text === "slept").length, 3);
});

test("a host that drops off the network in the middle and comes back: waited for, nothing runs twice", async (context) => {
  const hosts = await hostsFor(context, 2);
  const models = hosts.hosts.map((host) => host.model());
  const [, lost] = hosts.hosts;
  const plan = planWith(models, { slow: mark("slow", "sleep 3; echo slept"), after: mark("after") });
  const connections = connect(context, models, hosts.knownHosts, { patience: 60_000 });
  const running = carryOut({ folder: temporaryFolder(context), plan, connections });
  await waitUntil(() => marks(hosts).every((each) => each.includes("slow")));
  lost?.drop();
  await sleep(4_000);
  lost?.restore();
  const { result } = await running;
  assert.equal(result, "done");
  for (const each of marks(hosts)) assert.deepEqual(each, ["slow", "after"]);
});

test("a host that stays away: an error that names it, the others' work is kept, and resume finishes when it is back", async (context) => {
  const hosts = await hostsFor(context, 2);
  const models = hosts.hosts.map((host) => host.model());
  const folder = temporaryFolder(context);
  const [, lost] = hosts.hosts;
  const plan = planWith(models, { slow: mark("slow", "sleep 2"), after: mark("after") });
  const running = carryOut({ folder, plan, connections: connect(context, models, hosts.knownHosts, { patience: 3_000 }) });
  await waitUntil(() => marks(hosts).every((each) => each.includes("slow")));
  lost?.drop();
  const first = await running;
  assert.equal(first.result, "failed");
  assert.deepEqual(
    first.failures.map((failure): string | undefined => failure.host),
    [lost?.ip],
  );
  assert.ok(first.failures[0]?.reason.includes(String(lost?.ip)), String(first.failures[0]?.reason));
  lost?.restore();
  const second = await carryOut({ folder, plan, connections: connect(context, models, hosts.knownHosts) });
  assert.equal(second.result, "done");
  for (const each of marks(hosts)) assert.deepEqual(each, ["slow", "after"]);
});

test("a host that goes down in the middle of a script: resume says so, and begins the script anew", async (context) => {
  const hosts = await hostsFor(context, 2);
  const models = hosts.hosts.map((host) => host.model());
  const folder = temporaryFolder(context);
  const [, down] = hosts.hosts;
  const plan = planWith(models, { slow: mark("slow", "sleep 2"), after: mark("after") });
  const running = carryOut({ folder, plan, connections: connect(context, models, hosts.knownHosts, { patience: 2_000 }) });
  await waitUntil(() => marks(hosts).every((each) => each.includes("slow")));
  await down?.kill();
  assert.equal((await running).result, "failed");
  await down?.start();
  const events: RunEvent[] = [];
  const { result } = await carryOut({ folder, plan, connections: connect(context, models, hosts.knownHosts), events });
  assert.equal(result, "done");
  assert.deepEqual(marks(hosts), [
    ["slow", "after"],
    ["slow", "slow", "after"],
  ]);
  assert.match(events.flatMap((event) => (event.event === "warning" ? [event.text] : [])).join(), /went down/);
});

test("a script that hangs is ended with all it has started; onFailure: undo takes back what was done before", async (context) => {
  const hosts = await hostsFor(context, 1);
  const models = hosts.hosts.map((host) => host.model());
  const [host] = hosts.hosts;
  const ips = models.map(({ ip }) => ip);
  const plan = planOf(models, [
    {
      phase: "PreInit",
      entries: [
        scriptEntry("PreInit", plugin("good", { undo: mark("undone") }), ips, mark("good")),
        scriptEntry("PreInit", plugin("hangs", { timeout: 1, onFailure: "undo" }), ips, mark("hangs", "sleep 7654 & sleep 7654")),
      ],
    },
  ]);
  const { result, failures, undone } = await carryOut({
    folder: temporaryFolder(context),
    plan,
    connections: connect(context, models, hosts.knownHosts),
    parts: { types: typesOf() },
  });
  assert.equal(result, "failed");
  assert.equal(undone, true);
  assert.match(failures[0]?.reason ?? "", /not through after 1 s/);
  assert.deepEqual(marks(hosts), [["good", "hangs", "undone"]]);
  assert.equal((await host?.exec("pgrep -f '[s]leep 7654' | wc -l"))?.stdout.trim(), "0");
});

test("cancelled in the middle: what runs on the hosts ends, and resume begins it anew", async (context) => {
  const hosts = await hostsFor(context, 2);
  const models = hosts.hosts.map((host) => host.model());
  const folder = temporaryFolder(context);
  const plan = planWith(models, { slow: mark("slow", "[[ -e /tmp/quick ]] || sleep 7655"), after: mark("after") });
  const cancel = new AbortController();
  const running = carryOut({ folder, plan, connections: connect(context, models, hosts.knownHosts), parts: { signal: cancel.signal } });
  await waitUntil(() => marks(hosts).every((each) => each.includes("slow")));
  cancel.abort();
  assert.equal((await running).result, "cancelled");
  for (const host of hosts.hosts) {
    assert.equal(
      (
        await host.exec(
          "for i in {1..100}; do pgrep -f '[s]leep 7655' >/dev/null || break; sleep 0.1; done; pgrep -f '[s]leep 7655' | wc -l; touch /tmp/quick",
        )
      ).stdout.trim(),
      "0",
    );
  }
  const { result } = await carryOut({ folder, plan, connections: connect(context, models, hosts.knownHosts) });
  assert.equal(result, "done");
  for (const each of marks(hosts)) assert.deepEqual(each, ["slow", "slow", "after"]);
});

test("a full disk, a wrong password, a changed host key: each told for what it is, and nothing else harmed", async (context) => {
  const hosts = await hostsFor(context, 3);
  const [full, wrong, changed] = hosts.hosts;
  const models = hosts.hosts.map((host) => host.model());
  const password = { user: "root", port: 22, password: { from: "text" as const, text: "wrong" } };
  const folder = temporaryFolder(context);
  const plan = planWith(models, { only: mark("only") }, { onFailure: "continue" });
  await full?.exec("dd if=/dev/zero of=/var/lib/outrigger/filler bs=1M count=2 2>/dev/null");
  full?.limitDisk(2 << 20);
  await changed?.changeHostKey();
  const broken = models.map((model) => (model.ip === wrong?.ip ? { ...model, ssh: password } : model));
  const first = await carryOut({ folder, plan, connections: connect(context, broken, hosts.knownHosts) });
  const reasons = new Map(first.failures.map((failure) => [failure.host, failure.reason]));
  assert.match(reasons.get(full?.ip ?? "") ?? "", /full|room|space/i);
  assert.match(reasons.get(wrong?.ip ?? "") ?? "", /password|authenti/i);
  assert.match(reasons.get(changed?.ip ?? "") ?? "", /host key/i);
  assert.ok(![...reasons.values()].join().includes('"wrong"'));
});

test("regression: connections to a host that is gone kept the process for a quarter of an hour after they were closed", async (context) => {
  const hosts = await hostsFor(context, 1);
  const models = hosts.hosts.map((host) => host.model());
  const connections = connect(context, models, hosts.knownHosts, { keepalive: 60_000 });
  await (await connections.get(models[0]?.ip ?? "")).facts();
  hosts.hosts[0]?.drop();
  await connections.close();
  await waitUntil(() => !process.getActiveResourcesInfo().includes("TCPSocketWrap"));
});
