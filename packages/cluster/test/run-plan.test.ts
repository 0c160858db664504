import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { readJournal } from "../src/run/journal.ts";
import type { RunEvent } from "../src/run/run-events.ts";
import { createSecrets } from "../src/run/secrets.ts";
import { callEntry, carryOut, fakeHosts, host, planOf, plugin, scriptEntry, typesOf } from "./run-fakes.ts";

const hosts = [host("10.0.0.1", ["master"]), host("10.0.0.2"), host("10.0.0.3")];
const ips = hosts.map(({ ip }) => ip);

test("entries come one after the other in the plan's order, hosts side by side up to the limit", async (context) => {
  let [running, most] = [0, 0];
  const connections = fakeHosts(hosts, {
    script: async (_, text) => {
      if (text === "b") assert.equal(connections.started.filter((line) => line.endsWith(" a")).length, 3);
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
      return 0;
    },
  });
  const plan = planOf(hosts, [
    { phase: "PreInit", entries: [scriptEntry("PreInit", plugin("a"), ips), scriptEntry("PreInit", plugin("b", { parallel: 1 }), ips)] },
    { phase: "PostInstall", entries: [] },
  ]);
  const events: RunEvent[] = [];
  const { result } = await carryOut({ folder: temporaryFolder(context), plan, connections, events, parts: { limit: 2 } });
  assert.equal(result, "done");
  assert.equal(most, 2);
  assert.deepEqual(
    connections.started.slice(3),
    ips.map((ip) => `${ip} b`),
  );
  assert.deepEqual(
    events.flatMap((event) => (event.event === "stage" ? [`${event.name} ${event.left}/${event.tasks}`] : [])),
    ["PreInit 6/6", "PostInstall 0/0"],
  );
  assert.deepEqual(
    connections.forgotten.toSorted(),
    ips.map((ip) => `${ip} test/`),
  );
});

test("a failure lets siblings end, begins nothing more, and says what it saw; resume does the rest alone", async (context) => {
  const folder = temporaryFolder(context);
  let broken = true;
  const connections = fakeHosts(hosts, {
    script: async (ip) => {
      if (ip === "10.0.0.1" && broken) return 3;
      await sleep(10);
      return 0;
    },
  });
  const plan = planOf(hosts, [
    { phase: "PreInit", entries: [scriptEntry("PreInit", plugin("a"), ips), scriptEntry("PreInit", plugin("b"), ips)] },
  ]);
  const first = await carryOut({ folder, plan, connections, parts: { limit: 2 } });
  assert.equal(first.result, "failed");
  const [failure] = first.failures;
  assert.equal(failure?.task, "PreInit/a/10.0.0.1");
  assert.equal(failure?.exit, 3);
  assert.deepEqual(failure?.tail, ["a ends with 3"]);
  assert.equal(readFileSync(join(folder, failure?.log ?? ""), "utf8"), "a ends with 3\n");
  assert.deepEqual(connections.started, ["10.0.0.1 a", "10.0.0.2 a"]);

  broken = false;
  const second = await carryOut({ folder, plan, connections });
  assert.equal(second.result, "done");
  assert.deepEqual(connections.started.slice(2).toSorted(), ["10.0.0.1 a", "10.0.0.3 a", ...ips.map((ip) => `${ip} b`)].toSorted());
});

test("attempts: as many as asked for, each with a log of its own", async (context) => {
  const folder = temporaryFolder(context);
  const connections = fakeHosts(hosts, { script: (_, __, starts) => (starts < 3 ? 1 : 0) });
  const entry = scriptEntry("PreInit", plugin("a", { retries: 2 }), ["10.0.0.1"]);
  const { result } = await carryOut({ folder, plan: planOf(hosts, [{ phase: "PreInit", entries: [entry] }]), connections });
  assert.equal(result, "done");
  assert.equal(connections.started.length, 3);
  const ends = (await readJournal(join(folder, "journal.jsonl"))).flatMap((record) =>
    record.event === "task-ended" ? [[record.attempt, record.result, record.log]] : [],
  );
  assert.deepEqual(ends, [
    [1, "failed", "logs/PreInit/a/10.0.0.1.log"],
    [2, "failed", "logs/PreInit/a/10.0.0.1.2.log"],
    [3, "done", "logs/PreInit/a/10.0.0.1.3.log"],
  ]);
});

test("onFailure: continue goes on everywhere, and the failure is told", async (context) => {
  const connections = fakeHosts(hosts, { script: (ip, text) => (ip === "10.0.0.1" && text === "a" ? 1 : 0) });
  const plan = planOf(hosts, [
    {
      phase: "PreInit",
      entries: [scriptEntry("PreInit", plugin("a", { onFailure: "continue", parallel: 1 }), ips), scriptEntry("PreInit", plugin("b"), ips)],
    },
  ]);
  const { result, failures } = await carryOut({ folder: temporaryFolder(context), plan, connections });
  assert.equal(result, "done");
  assert.deepEqual(
    failures.map(({ task }) => task),
    ["PreInit/a/10.0.0.1"],
  );
  assert.equal(connections.started.length, 6);
});

test("onFailure: undo takes back what is done, the last first; resume does it anew", async (context) => {
  const folder = temporaryFolder(context);
  let broken = true;
  const connections = fakeHosts(hosts, { script: (_, text) => (text === "c" && broken ? 1 : 0) });
  const entries = [
    scriptEntry("PreInit", plugin("a", { undo: "not a" }), ["10.0.0.1"]),
    scriptEntry("PreInit", plugin("without"), ["10.0.0.1"]),
    scriptEntry("PreInit", plugin("b", { undo: "not b" }), ["10.0.0.1"]),
    scriptEntry("PreInit", plugin("c", { onFailure: "undo", undo: "not c" }), ["10.0.0.1"]),
  ];
  const plan = planOf(hosts, [{ phase: "PreInit", entries }]);
  const first = await carryOut({ folder, plan, connections });
  assert.equal(first.undone, true);
  assert.deepEqual(first.undoFailures, []);
  assert.deepEqual(connections.started.slice(4), ["10.0.0.1 not b", "10.0.0.1 not a"]);
  broken = false;
  const second = await carryOut({ folder, plan, connections });
  assert.equal(second.result, "done");
  assert.deepEqual(connections.started.slice(6), ["10.0.0.1 a", "10.0.0.1 b", "10.0.0.1 c"]);
});

test("a host out of reach: the task is lost, not failed, and resume asks for the same attempt", async (context) => {
  const folder = temporaryFolder(context);
  const connections = fakeHosts(hosts, { script: () => "unreachable" });
  const plan = planOf(hosts, [{ phase: "PreInit", entries: [scriptEntry("PreInit", plugin("a"), ["10.0.0.1"])] }]);
  const first = await carryOut({ folder, plan, connections });
  assert.match(first.failures[0]?.reason ?? "", /out of reach/);
  // Meanwhile the script has ended on the host.
  connections.ended.set("test/r1/PreInit/a/10.0.0.1#1", { kind: "ended", exit: 0, attached: false });
  const second = await carryOut({ folder, plan, connections });
  assert.equal(second.result, "done");
  assert.equal(connections.started.length, 1);
});

test("a host that went down in the middle: said aloud, and the script begins anew", async (context) => {
  const folder = temporaryFolder(context);
  const broken = fakeHosts(hosts, { script: () => "unreachable" });
  const plan = planOf(hosts, [{ phase: "PreInit", entries: [scriptEntry("PreInit", plugin("a"), ["10.0.0.1"])] }]);
  await carryOut({ folder, plan, connections: broken });
  const connections = fakeHosts(hosts);
  connections.ended.set("test/r1/PreInit/a/10.0.0.1#1", { kind: "interrupted" });
  const events: RunEvent[] = [];
  const { result } = await carryOut({ folder, plan, connections, events });
  assert.equal(result, "done");
  assert.deepEqual(connections.started, ["10.0.0.1 a"]);
  assert.match(
    events.flatMap((event) => (event.event === "warning" ? [event.text] : [])).join(),
    /PreInit\/a\/10\.0\.0\.1: the host went down/,
  );
});

test("cancelled: the journal says so, and nothing new begins", async (context) => {
  const folder = temporaryFolder(context);
  const cancel = new AbortController();
  const connections = fakeHosts(hosts, { script: () => "hang" });
  const plan = planOf(hosts, [
    { phase: "PreInit", entries: [scriptEntry("PreInit", plugin("a"), ips), scriptEntry("PreInit", plugin("b"), ips)] },
  ]);
  setTimeout(() => cancel.abort(), 20);
  const { result } = await carryOut({ folder, plan, connections, parts: { signal: cancel.signal } });
  assert.equal(result, "cancelled");
  assert.equal(connections.started.length, 3);
  const records = await readJournal(join(folder, "journal.jsonl"));
  assert.deepEqual(
    records.flatMap((record) => (record.event === "task-ended" ? [record.result] : [])),
    ["cancelled", "cancelled", "cancelled"],
  );
  const last = records.at(-1);
  assert.equal(last?.event === "run-ended" && last.result, "cancelled");
});

test("run: once and on-change look at what earlier runs have done", async (context) => {
  const connections = fakeHosts(hosts);
  const entries = [
    scriptEntry("PreInit", plugin("once", { run: "once" }), ["10.0.0.1", "10.0.0.2"]),
    scriptEntry("PreInit", plugin("changed", { run: "on-change" }), ["10.0.0.1"]),
    scriptEntry("PreInit", plugin("same", { run: "on-change" }), ["10.0.0.1"]),
    scriptEntry("PreInit", plugin("always"), ["10.0.0.1"]),
  ];
  const ran = new Map([
    ["PreInit/once/10.0.0.1", "sha256:other"],
    ["PreInit/changed/10.0.0.1", "sha256:other"],
    ["PreInit/same/10.0.0.1", "sha256:same"],
    ["PreInit/always/10.0.0.1", "sha256:always"],
  ]);
  const { result } = await carryOut({
    folder: temporaryFolder(context),
    plan: planOf(hosts, [{ phase: "PreInit", entries }]),
    connections,
    parts: { ran },
  });
  assert.equal(result, "done");
  assert.deepEqual(connections.started, ["10.0.0.2 once", "10.0.0.1 changed", "10.0.0.1 always"]);
});

test("a plug-in that throws or hangs fails its task; what it logs and its words are in the failure", async (context) => {
  for (const [name, pattern, run] of [
    ["throws", /it broke/, async () => Promise.reject(new TypeError("it broke"))],
    [
      "hangs",
      /not through after 0\.05 s/,
      (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise<void>((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
    ],
  ] as const) {
    const types = typesOf({
      CALLED: {
        type: "CALLED",
        kind: "called",
        check: () => [],
        privileges: [],
        run: async (made, given, phase) => {
          given.log.info(`at ${phase} on ${given.hosts.map(({ ip }) => ip)}`);
          await run(made, given);
        },
      },
    });
    const entry = callEntry("PreInit", plugin(name, { type: "CALLED", timeout: 0.05 }), ["10.0.0.2"]);
    const plan = planOf(hosts, [{ phase: "PreInit", entries: [entry] }]);
    const { result, failures } = await carryOut({
      folder: temporaryFolder(context),
      plan,
      connections: fakeHosts(hosts),
      parts: { types },
    });
    assert.equal(result, "failed");
    assert.match(failures[0]?.reason ?? "", pattern);
    assert.deepEqual(failures[0]?.tail, ["at PreInit on 10.0.0.2"]);
  }
});

test("values that are secret are read for the call, and come out nowhere", async (context) => {
  process.env["OUTRIGGER_TEST_TOKEN"] = "top-secret-token";
  const seen: unknown[] = [];
  const types = typesOf({
    CALLED: {
      type: "CALLED",
      kind: "called",
      check: () => [],
      privileges: [],
      run: async (_, given) => {
        seen.push(given.values);
        given.log.info(`using ${String(given.values["list"]?.["TOKEN"])}`);
        throw new TypeError(`refused with ${String(given.values["list"]?.["TOKEN"])}`);
      },
    },
  });
  const values = { list: { TOKEN: "env:OUTRIGGER_TEST_TOKEN", SORT: "age" } };
  const made = plugin("secret", { type: "CALLED", values, secretValues: [["list", "TOKEN"]] });
  const plan = planOf(hosts, [{ phase: "PreInit", entries: [callEntry("PreInit", made, ["10.0.0.2"])] }]);
  const { failures } = await carryOut({ folder: temporaryFolder(context), plan, connections: fakeHosts(hosts), parts: { types } });
  assert.deepEqual(seen, [{ list: { TOKEN: "top-secret-token", SORT: "age" } }]);
  assert.deepEqual([failures[0]?.tail, failures[0]?.reason], [["using ***"], "refused with ***"]);
});

test("a label selector that only the API can answer is asked when its turn comes, and counts within the operation", async (context) => {
  const connections = fakeHosts(hosts);
  const node = (address: string) => ({ metadata: { name: address }, spec: {}, status: { addresses: [{ type: "InternalIP", address }] } });
  const kubernetes = async () =>
    ({ listNodes: async (selector: string) => (selector === "disk=ssd" ? [node("10.0.0.3"), node("10.0.0.1")] : []) }) as never;
  const entry = { ...scriptEntry("PreInit", plugin("a"), ["10.0.0.2"]), lateSelectors: ["disk=ssd"] };
  const plan = planOf(hosts, [{ phase: "PreInit", entries: [entry] }], { touched: ["10.0.0.2", "10.0.0.3"] });
  await carryOut({ folder: temporaryFolder(context), plan, connections, parts: { kubernetes } });
  assert.deepEqual(connections.started.toSorted(), ["10.0.0.2 a", "10.0.0.3 a"]);
  const without = await carryOut({ folder: temporaryFolder(context), plan, connections: fakeHosts(hosts) });
  assert.match(without.failures[0]?.reason ?? "", /disk=ssd.*there is no API/);
});

test("a torn last line of a journal is cut off, a broken one in the middle is told with its line", async (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, "journal.jsonl");
  const connections = fakeHosts(hosts);
  const plan = planOf(hosts, [{ phase: "PreInit", entries: [scriptEntry("PreInit", plugin("a"), ips)] }]);
  await carryOut({ folder, plan, connections });
  const whole = readFileSync(file, "utf8");
  const lines = whole.split("\n");
  // Any cut is one that a power cut can make: what is whole counts, and nothing runs twice.
  for (const cut of [whole.length - 1, whole.length - 20, whole.length - 200]) {
    writeFileSync(file, whole.slice(0, cut));
    assert.equal((await carryOut({ folder, plan, connections })).result, "done");
    assert.equal(connections.started.length, 3);
  }
  writeFileSync(file, whole);
  appendFileSync(file, "\0\0\0\0\n");
  assert.equal((await carryOut({ folder, plan, connections })).result, "done");
  writeFileSync(file, [lines[0], "{torn", ...lines.slice(1)].join("\n"));
  await assert.rejects(carryOut({ folder, plan, connections }), { code: "journal-invalid", message: /journal\.jsonl:2 / });
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("secrets come out nowhere: not in the journal, not in logs, not in what is reported", async (context) => {
  const folder = temporaryFolder(context);
  const secrets = createSecrets();
  secrets.add("tok3n-secret");
  const connections = fakeHosts(hosts, { script: () => 1 });
  const plan = planOf(hosts, [{ phase: "PreInit", entries: [scriptEntry("PreInit", plugin("a"), ["10.0.0.1"])] }]);
  const entry = plan.stages[0]?.entries[0] as ReturnType<typeof scriptEntry>;
  const loud = {
    ...plan,
    stages: [
      {
        phase: "PreInit" as const,
        entries: [{ ...entry, tasks: entry.tasks.map((task) => ({ ...task, script: { ...task.script, text: "tok3n-secret" } as never })) }],
      },
    ],
  };
  const events: RunEvent[] = [];
  const { failures } = await carryOut({ folder, plan: loud, connections, events, parts: { secrets } });
  const all =
    JSON.stringify([events, failures]) +
    readFileSync(join(folder, "journal.jsonl"), "utf8") +
    readFileSync(join(folder, failures[0]?.log ?? ""), "utf8");
  assert.ok(!all.includes("tok3n-secret"));
  assert.match(all, /\*\*\* ends with 1/);
});
