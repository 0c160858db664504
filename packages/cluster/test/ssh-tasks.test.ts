import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bash, type ConnectedHosts, connectedHosts, runTask } from "../../../tests/support/ssh-connections.ts";
import { type SshHost, sudoer } from "../../../tests/support/ssh-hosts.ts";
import { connectHosts, type HostConnection } from "../src/index.ts";

const live = new AbortController().signal;

/** What runs on a host of these words. */
async function running(host: SshHost | undefined, pattern: string): Promise<string> {
  return (await host?.exec(`pgrep -af '${pattern}' | grep -v pgrep || true`))?.stdout ?? "";
}

/** A second connection, as another process would have it. */
async function other(context: { after: (end: () => Promise<void>) => void }, all: ConnectedHosts): Promise<HostConnection> {
  const connections = connectHosts([all.first.host], all.options);
  context.after(() => connections.close());
  return await connections.get(all.first.host.ip);
}

test("facts of a host", async (context) => {
  const { first } = await connectedHosts(context, 1);
  const facts = await first.facts();
  assert.deepEqual(
    { ...facts, freeBytes: 0, memoryBytes: 0, clockOffset: 0 },
    {
      hostname: "host-1",
      architecture: execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim(),
      system: "debian 12",
      kernel: execFileSync("uname", ["-r"], { encoding: "utf8" }).trim(),
      bash: true,
      root: true,
      freeBytes: 0,
      memoryBytes: 0,
      clusters: [],
      clockOffset: 0,
    },
  );
  assert.ok(facts.freeBytes > 1e6 && facts.memoryBytes > 1e8);
  assert.ok(Math.abs(facts.clockOffset) < 5_000, String(facts.clockOffset));
});

for (const user of ["root", sudoer]) {
  test(`scripts as ${user}: output, exit, variables, secrets, folder, stdin, strict or not`, async (context) => {
    const all = await connectedHosts(context, 1);
    const connections = connectHosts(
      all.hosts.map((host) => host.model({ ssh: { user, port: 22, key: { path: all.keyFile } } })),
      all.options,
    );
    context.after(() => connections.close());
    const first = await connections.get(all.first.host.ip);
    const env = { PLAIN: "a 'b' \"c\" $(id) `id`\n\\ é", PATH: "/opt/mine:/usr/bin:/bin", t: "1", group: "2", m: "3" };
    const text = 'printf "%s|" "$PLAIN" "$PATH" "$SECRET" "$t" "$group" "$m" "$PWD" "$(id -u)" "$HOME"; cat; echo oops >&2; exit 3';
    const script = bash(text, { env, workingDirectory: "/usr/share" });
    const stdout = `${[...Object.values(env).slice(0, 2), "s'e$c", "1", "2", "3", "/usr/share", "0", "/root"].join("|")}|`;
    const ran = await runTask(first, "r/1", "", { script, secrets: { SECRET: "s'e$c" } });
    assert.deepEqual(ran, { outcome: { kind: "ended", exit: 3, attached: false }, stdout, stderr: "oops\n" });
    assert.deepEqual(await first.exec(script, { timeout: 10_000, secrets: { SECRET: "s'e$c" } }), { exit: 3, stdout, stderr: "oops\n" });
    const stops = "false | true\necho reached";
    const results = await Promise.all([true, false].map((strict) => first.exec(bash(stops, { strict }), { timeout: 10_000 })));
    assert.deepEqual(
      results.map(({ exit, stdout: printed }) => [exit, printed]),
      [
        [1, ""],
        [0, "reached\n"],
      ],
    );
    assert.equal((await first.exec(bash("echo $UNSET"), { timeout: 10_000 })).exit, 1);
    const gone = { workingDirectory: "/not/there" };
    assert.equal((await runTask(first, "r/2", "", { script: bash("echo ran", gone) })).outcome.kind, "ended");
    const missing = await runTask(first, "r/3", "", { script: bash("echo ran", gone) });
    assert.deepEqual([missing.outcome, missing.stdout], [{ kind: "ended", exit: 1, attached: false }, ""]);
    assert.match(missing.stderr, /\/not\/there/);
    const skipped = await runTask(first, "r/4", "", { script: bash("echo ran", { ...gone, skipWithoutDirectory: true }) });
    assert.deepEqual(skipped, { outcome: { kind: "ended", exit: 0, attached: false }, stdout: "", stderr: "" });
    const terminal = await first.exec(bash("tty; if : < /dev/tty; then echo yes; fi", { strict: false }), { timeout: 10_000 });
    assert.match(terminal.stdout, /^not a tty\n$/, "nothing there can ask a person, not even under sudo's own terminal");
  });
}

test("a task runs once: asked again, by whomever, its output and outcome come from what the host has kept", async (context) => {
  const all = await connectedHosts(context, 1);
  const text = "echo one; echo two >&2; echo ran >> /root/times; exit 5";
  const outcome = { kind: "ended", exit: 5 } as const;
  assert.deepEqual(await runTask(all.first, "run/task", text), {
    outcome: { ...outcome, attached: false },
    stdout: "one\n",
    stderr: "two\n",
  });
  assert.deepEqual(await runTask(all.first, "run/task", text), {
    outcome: { ...outcome, attached: true },
    stdout: "one\n",
    stderr: "two\n",
  });
  const second = await other(context, all);
  assert.deepEqual((await runTask(second, "run/task", text)).outcome, { ...outcome, attached: true });
  assert.equal(all.hosts[0]?.read("/root/times"), "ran\n");
  await all.first.forgetTasks("run/");
  assert.deepEqual((await runTask(second, "run/task", text)).outcome, { ...outcome, attached: false });
});

test("two that ask for a task at the same moment start it once, and both see all of it", async (context) => {
  const all = await connectedHosts(context, 1);
  const connections = [all.first, ...(await Promise.all([1, 2, 3].map(() => other(context, all))))];
  const ran = await Promise.all(connections.map((each) => runTask(each, "run/same", "echo x >> /root/times; sleep 0.3; echo done")));
  assert.deepEqual(new Set(ran.map(({ stdout }) => stdout)), new Set(["done\n"]));
  assert.equal(all.hosts[0]?.read("/root/times"), "x\n");
});

test("a task goes on while the host is cut off; what it printed meanwhile comes then, nothing twice and nothing lost", async (context) => {
  const { hosts, first, events } = await connectedHosts(context, 1);
  const [host] = hosts;
  const text = "echo begun >> /root/times; for i in {1..40}; do echo $i; echo e$i >&2; sleep 0.1; done; exit 4";
  let cut = false;
  const lines = { stdout: "", stderr: "" };
  const outcome = await first.run(
    { key: "run/cut", script: bash(text), secrets: {}, timeout: 60_000 },
    {
      signal: live,
      onOutput: (stream, piece) => {
        lines[stream] += Buffer.from(piece).toString();
        if (cut || !lines.stdout.includes("5\n")) return;
        cut = true;
        host?.drop();
        void sleep(2_500).then(() => host?.restore());
      },
    },
  );
  const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
  assert.equal(lines.stdout, numbers.map((each) => `${each}\n`).join(""));
  assert.equal(lines.stderr, numbers.map((each) => `e${each}\n`).join(""));
  assert.deepEqual(outcome, { kind: "ended", exit: 4, attached: true });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["lost", "back"],
  );
  assert.equal(host?.read("/root/times"), "begun\n");
});

test("a process that is killed leaves the task running; the next one finds it, with what it printed", async (context) => {
  const all = await connectedHosts(context, 1);
  const text = "echo early; sleep 1.5; echo late; exit 6";
  const lost = runTask(all.first, "run/left", text);
  lost.catch(() => undefined);
  while (!(await running(all.hosts[0], "sleep 1.5")).includes("sleep")) await sleep(20);
  await all.hosts[0]?.exec("kill -9 $(pgrep -f 'sshd: root')");
  await all.connections.close();
  const second = await other(context, all);
  assert.deepEqual(await runTask(second, "run/left", text), {
    outcome: { kind: "ended", exit: 6, attached: true },
    stdout: "early\nlate\n",
    stderr: "",
  });
});

test("a host that went down in the middle of a task says so, and starts nothing", async (context) => {
  const { hosts, first } = await connectedHosts(context, 1);
  const [host] = hosts;
  const text = "echo begun >> /root/times; echo half; sleep 60";
  const asked = runTask(first, "run/down", text);
  while (host?.read("/root/times") === undefined) await sleep(20);
  await sleep(300);
  await host?.kill();
  await host?.start();
  const { outcome, stdout } = await asked;
  assert.deepEqual(outcome, { kind: "interrupted" });
  assert.equal(stdout, "half\n");
  assert.equal(host?.read("/root/times"), "begun\n");
  assert.deepEqual((await runTask(first, "run/down", text)).outcome, { kind: "interrupted" });
  await first.forgetTasks("run/");
  assert.equal((await runTask(first, "run/down", "exit 9")).outcome.kind, "ended");
});

test("a task whose time is over is ended with all its processes: those in the background, and those that ignore TERM", async (context) => {
  const { hosts, first } = await connectedHosts(context, 1);
  const text = "echo begun; (trap '' TERM; sleep 311) & sleep 312 & trap 'echo bye' TERM; sleep 313";
  const { outcome, stdout } = await runTask(first, "run/slow", text, { timeout: 500 });
  assert.deepEqual(outcome, { kind: "timed-out", attached: false });
  assert.match(stdout, /^begun\n/);
  assert.equal(await running(hosts[0], "sleep 31"), "");
  assert.deepEqual((await runTask(first, "run/slow", text)).outcome, { kind: "timed-out", attached: true });
});

test("an aborted task is ended with all its processes, and does not begin later", async (context) => {
  const { hosts, first } = await connectedHosts(context, 1);
  const controller = new AbortController();
  const task = (key: string) => ({ key, script: bash("sleep 321 & sleep 322"), secrets: {}, timeout: 60_000 });
  const asked = first.run(task("run/aborted"), { signal: controller.signal, onOutput: () => undefined });
  while (!(await running(hosts[0], "sleep 322")).includes("322")) await sleep(20);
  controller.abort(new TypeError("no longer wanted"));
  await assert.rejects(asked, { message: "no longer wanted" });
  assert.equal(await running(hosts[0], "sleep 32"), "");
  assert.deepEqual((await runTask(first, "run/aborted", "")).outcome, { kind: "ended", exit: 143, attached: true });
  const early = new AbortController();
  const never = first.run(task("run/never"), { signal: early.signal, onOutput: () => undefined });
  early.abort(new TypeError("not at all"));
  await assert.rejects(never, { message: "not at all" });
  await sleep(500);
  assert.equal(await running(hosts[0], "sleep 32"), "");
  await first.forgetTasks("run/");
  assert.equal((await hosts[0]?.exec("ls /var/lib/outrigger/tasks"))?.stdout, "");
});

test("the end of a script does not wait for what it left behind; that goes on, and its output harms nobody", async (context) => {
  const { hosts, first } = await connectedHosts(context, 1);
  const text = "(while sleep 0.05; do echo tick; [[ -e /root/stop ]] && break; done; echo over > /root/left) & echo started";
  const { outcome, stdout } = await runTask(first, "run/left", text);
  assert.deepEqual(outcome, { kind: "ended", exit: 0, attached: false });
  assert.match(stdout, /^started\n/);
  assert.equal(hosts[0]?.read("/root/left"), undefined, "it still runs");
  await hosts[0]?.exec("touch /root/stop; sleep 0.3");
  assert.equal(hosts[0]?.read("/root/left"), "over\n");
  const quick = await first.exec(bash("sleep 331 & echo started"), { timeout: 20_000 });
  assert.equal(quick.stdout, "started\n");
});

test("exec ends with its connection, its time, or its signal", async (context) => {
  const all = await connectedHosts(context, 1);
  const [host] = all.hosts;
  await assert.rejects(all.first.exec(bash("trap '' TERM; sleep 341"), { timeout: 300 }), { code: "host-timeout" });
  await assert.rejects(all.first.exec(bash("sleep 342"), { timeout: 60_000, signal: AbortSignal.timeout(300) }), { name: "TimeoutError" });
  const connections = connectHosts([all.first.host], { ...all.options, patience: 0 });
  const second = await connections.get(all.first.host.ip);
  const cut = second.exec(bash("sleep 343"), { timeout: 60_000 });
  cut.catch(() => undefined);
  while (!(await running(host, "sleep 343")).includes("343")) await sleep(20);
  await connections.close();
  await assert.rejects(cut, { code: "ssh-link-lost" });
  for (let tries = 0; tries < 100 && (await running(host, "sleep 34")) !== ""; tries += 1) await sleep(50);
  assert.equal(await running(host, "sleep 34"), "");
});

test("endless output, a line of a megabyte, binary: whole up to 16 MiB of each stream, then a line that says so; the host keeps no more", async (context) => {
  const { hosts, first } = await connectedHosts(context, 1);
  const binary = await runTask(
    first,
    "run/binary",
    "head -c 3000000 /dev/zero | tr '\\0' '\\377'; printf '\\0\\036\\r\\n'; head -c 1048576 /dev/zero | tr '\\0' x >&2",
  );
  assert.equal(Buffer.from(binary.stderr).length, 1048576);
  let bytes = 0;
  let last = "";
  const outcome = await first.run(
    { key: "run/endless", script: bash("yes 0123456789"), secrets: {}, timeout: 3_000 },
    {
      signal: live,
      onOutput: (_, piece) => {
        bytes += piece.length;
        last = Buffer.from(piece).toString().slice(-200);
      },
    },
  );
  assert.deepEqual(outcome, { kind: "timed-out", attached: false });
  assert.ok(bytes >= 16 * 2 ** 20 && bytes < 16 * 2 ** 20 + 200, String(bytes));
  assert.match(last, /\[Outrigger: the first 16 MiB of this stream; the rest is not kept\]\n$/);
  const kept = Number((await hosts[0]?.exec("du -sm /var/lib/outrigger/tasks | cut -f1"))?.stdout);
  assert.ok(kept < 25, `${kept} MiB`);
  const cut = await first.exec(bash("head -c 3000000 /dev/zero"), { timeout: 20_000 });
  assert.ok(cut.stdout.length < 2 ** 20 + 100 && cut.stdout.endsWith("[cut: the first 1 MiB of 3000000 bytes]\n"));
});

test("secrets are never on the host's disk, on a command line, or in what it keeps of a task; scripts are not on command lines", async (context) => {
  const { hosts, first } = await connectedHosts(context, 1);
  const secret = "s3cr3t-0123456789";
  const asked = runTask(first, "run/secret", `[[ $TOKEN == s3cr3t-* ]]; : marker-of-the-script; touch /root/runs; sleep 1`, {
    secrets: { TOKEN: secret },
  });
  while (hosts[0]?.read("/root/runs") === undefined) await sleep(20);
  const seen = await hosts[0]?.exec("ps axww; grep -rl 's3cr3t-[0-9]' /var/lib/outrigger /root /tmp /run /etc 2>/dev/null; true");
  assert.ok(!seen?.stdout.includes(secret) && !seen?.stdout.includes("/var/lib/outrigger/tasks/secret"), seen?.stdout);
  assert.ok(!seen?.stdout.includes("marker-of-the-script"), seen?.stdout);
  assert.equal(seen?.stdout.split("\n").filter((line) => line.startsWith("/")).length, 0, seen?.stdout);
  assert.deepEqual((await asked).outcome, { kind: "ended", exit: 0, attached: false });
  const modes = await hosts[0]?.exec(
    "stat -c '%a %U' /var/lib/outrigger/tasks /var/lib/outrigger/tasks/* /var/lib/outrigger/tasks/*/* | sort -u",
  );
  assert.equal(modes?.stdout, "600 root\n700 root\n");
});

test("a full disk is said, and nothing is started; one that fills up in the middle does not hide how the script ended", async (context) => {
  const { hosts, first } = await connectedHosts(context, 1);
  const [host] = hosts;
  host?.limitDisk(2 ** 20);
  const filling = await runTask(
    first,
    "run/fills",
    "head -c 4000000 /dev/zero > /var/lib/outrigger/ballast || true; for i in {1..20000}; do echo 0123456789; done; exit 8",
  );
  assert.deepEqual(filling.outcome, { kind: "ended", exit: 8, attached: false });
  await assert.rejects(runTask(first, "run/full", "touch /root/started"), (error: { readonly code: string; readonly message: string }) => {
    assert.equal(error.code, "host-disk-full");
    assert.ok(error.message.startsWith(`${host?.ip}: there is no room`), error.message);
    return true;
  });
  assert.equal(host?.read("/root/started"), undefined);
  host?.limitDisk();
  await host?.exec("rm /var/lib/outrigger/ballast");
  assert.equal((await runTask(first, "run/full", "touch /root/started")).outcome.kind, "ended");
});

test("only tasks with the prefix are forgotten, and none that runs", async (context) => {
  const { hosts, first } = await connectedHosts(context, 1);
  for (const key of ["run-1/a", "run-1/b", "run-10/a"]) await runTask(first, key, "true");
  const asked = runTask(first, "run-1/long", "sleep 1; exit 2");
  while ((await running(hosts[0], "sleep 1$")) === "") await sleep(20);
  await first.forgetTasks("run-1/");
  assert.equal((await hosts[0]?.exec("cat /var/lib/outrigger/tasks/*/key | sort"))?.stdout, "run-1/long\nrun-10/a\n");
  assert.deepEqual((await asked).outcome, { kind: "ended", exit: 2, attached: false });
  await assert.rejects(runTask(first, "run\n1", "true"), { code: "task-key-invalid" });
});
