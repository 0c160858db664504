import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClusterStand, clusterStand, linesOf, shellPlugin } from "./support/cluster-stand.ts";
import { root } from "./support/sandbox.ts";

/** Fails until the host has /root/fixed. */
const thrower = `import { defineClusterPlugin } from "@outrigger/sdk";

export const pluginType = "THROWER";

export default defineClusterPlugin({
  async run(context) {
    for (const { ip } of context.hosts) {
      const { exit } = await context.exec(ip, "test -e /root/fixed");
      if (exit !== 0) throw new TypeError("nothing is fixed on " + ip);
    }
    for (const { ip } of context.hosts) await context.exec(ip, "echo thrower >> /root/marks");
  },
});
`;

const slow = (name: string): string => `echo ${name} begins >> /root/marks\nsleep 4\necho ${name} ends >> /root/marks\n`;

const plugins = [
  shellPlugin("first", "Originally", "echo first >> /root/marks"),
  shellPlugin("hanging", "PreInit", "if [ ! -e /root/calm ]; then sleep 1000; fi\necho hanging >> /root/marks", { timeout: "2s" }),
  "{ apiVersion: outrigger.dev/v1, kind: Plugin, metadata: { name: thrower }, spec: { type: THROWER, action: PreInstall, privileges: [exec] } }\n",
  shellPlugin("killed", "post-init-host", slow("killed")),
  shellPlugin("dropped", "PreGuest", slow("dropped")),
  shellPlugin("last", "PostInstall", "echo last >> /root/marks"),
];
const everything = ["first", "hanging", "thrower", "killed begins", "killed ends", "dropped begins", "dropped ends", "last"];

test("one creation through every fault: each is told, nothing else is harmed, and in the end nothing was done twice", {
  timeout: 240_000,
}, async (context) => {
  const stand = await clusterStand(context, 3);
  const [first, second, third] = stand.hosts;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  await buildImage(stand);
  const run = ["run", "faults:1", "--name", "faults", "-m", first.ip, "-n", `${second.ip},${third.ip}`, "-y"];
  const right = `file:${stand.write("password", stand.password, 0o600)}`;

  const wrong = await stand.clusterWith({ SSH_AUTH_SOCK: "", HOME: stand.folder, WRONG: "guess" }, ...run, "-p", "env:WRONG");
  refused(wrong, first.ip, /password/i);
  assert.ok(!(wrong.stdout + wrong.stderr).includes("guess"));
  for (const host of stand.hosts) assert.deepEqual(linesOf(host, "/root/marks"), []);

  second.limitDisk(100_000);
  const full = await stand.cluster("resume", "faults", "-p", right);
  refused(full, second.ip, /no room for/i);
  second.limitDisk();

  const hanging = await stand.cluster("resume", "faults", "-p", right);
  refused(hanging, first.ip, /hanging.*(time|2 ?s)/i);
  assert.equal((await first.exec("pgrep -c -f '[s]leep 1000' || true")).stdout.trim(), "0", "what hung is gone");
  for (const host of stand.hosts) await host.exec("touch /root/calm");

  const thrown = await stand.cluster("resume", "faults", "-p", right);
  refused(thrown, "thrower", /nothing is fixed on/);
  for (const host of stand.hosts) await host.exec("touch /root/fixed");

  await killedInTheMiddle(stand, ["resume", "faults", "-p", right], "killed begins");
  await third.changeHostKey();
  const changed = await stand.cluster("resume", "faults", "-p", right);
  refused(changed, third.ip, /host key/i);
  assert.ok((changed.stdout + changed.stderr).includes(third.fingerprint()), changed.stderr);
  forgetKey(stand, third.ip);

  const running = stand.cluster("resume", "faults", "-p", right, "--patience", "3");
  await until(() => stand.hosts.every((host) => linesOf(host, "/root/marks").includes("dropped begins")));
  second.drop();
  const dropped = await running;
  refused(dropped, second.ip, /reach|lost|answer|connection/i);
  for (const host of [first, third]) assert.ok(linesOf(host, "/root/marks").includes("dropped ends"), "the others went on");
  second.restore();

  const done = await stand.cluster("resume", "faults", "-p", right);
  assert.equal(done.code, 0, done.stderr);
  for (const host of stand.hosts) assert.deepEqual(linesOf(host, "/root/marks"), everything, host.hostname);
  const kept = ["cluster.json", ...["journal.jsonl", "plan.json"].map((file) => join("runs", runOf(stand), file))];
  for (const file of kept) {
    const text = readFileSync(join(stand.env["OUTRIGGER_CLUSTERS"] ?? "", "faults", file), "utf8");
    assert.ok(!text.includes(stand.password) && !text.includes(JSON.stringify(stand.password).slice(1, -1)), `${file} holds no password`);
  }
});

test("what a creation that failed has left is deleted, and a host is of one cluster", { timeout: 120_000 }, async (context) => {
  const stand = await clusterStand(context, 2);
  const [first, second] = stand.hosts;
  assert.ok(first !== undefined && second !== undefined);
  const tiny = await stand.cluster("build", "-t", "tiny:1", join(root, "examples/tiny-cluster"));
  assert.equal(tiny.code, 0, tiny.stderr);
  const bad = stand.write("bad.yaml", shellPlugin("bad", "PreGuest", "false"));
  const hosts = ["-m", first.ip, "-n", second.ip, "--pk", stand.keyFile];

  const failed = await stand.cluster("run", "tiny:1", "--name", "faults", ...hosts, "--plugins", bad);
  refused(failed, first.ip, /bad.*ended with 1/);
  const other = await stand.cluster("run", "tiny:1", "--name", "other", ...hosts);
  assert.equal(other.code, 1, other.stdout);
  assert.match(other.stderr, /has files of the cluster faults/);

  const deleted = await stand.cluster("delete", "--all", "-c", "faults", "-y");
  assert.equal(deleted.code, 0, deleted.stderr);
  for (const host of stand.hosts) assert.equal((await host.exec("find /var/lib/outrigger -type f; pgrep -f '[t]iny' || true")).stdout, "");
  const twice = await stand.cluster("delete", "--all", "-c", "faults", "-y");
  assert.deepEqual([twice.code, /No cluster faults is known/.test(twice.stderr)], [2, true], twice.stdout + twice.stderr);
  const again = await stand.cluster("run", "tiny:1", "--name", "faults", ...hosts);
  assert.equal(again.code, 0, again.stderr);
});

test("a host that is gone is taken out by force; one that answers, and only lets nobody in, is not", {
  timeout: 120_000,
}, async (context) => {
  const stand = await clusterStand(context, 3);
  const [first, second, third] = stand.hosts;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const tiny = await stand.cluster("build", "-t", "tiny:1", join(root, "examples/tiny-cluster"));
  assert.equal(tiny.code, 0, tiny.stderr);
  const nobody = { SSH_AUTH_SOCK: "", HOME: stand.folder, WRONG: "guess", RIGHT: stand.password };
  const created = await stand.clusterWith(
    nobody,
    "run",
    "tiny:1",
    "--name",
    "faults",
    "-m",
    first.ip,
    "-n",
    `${second.ip},${third.ip}`,
    "-p",
    "env:RIGHT",
  );
  assert.equal(created.code, 0, created.stderr);
  const remove = (ip: string, ...words: readonly string[]) => stand.clusterWith(nobody, "delete", "-n", ip, "-y", ...words);
  const known = async (): Promise<number> => JSON.parse((await stand.cluster("status", "faults", "-o", "json")).stdout).hosts.length;

  const refusedForce = await remove(second.ip, "--force", "-p", "env:WRONG");
  assert.deepEqual([refusedForce.code, /password/i.test(refusedForce.stderr), await known()], [1, true, 3], refusedForce.stderr);
  second.drop();
  const forced = await remove(second.ip, "--force", "-p", "env:RIGHT");
  assert.deepEqual([forced.code, await known()], [0, 2], forced.stdout + forced.stderr);
  assert.match(forced.stderr, new RegExp(`${second.ip} can't be reached: it is taken from the cluster`));
});

async function buildImage(stand: ClusterStand): Promise<void> {
  stand.write("image/Kubefile", "FROM tiny:1\nCOPY plugins plugins\nCOPY large etc/\n");
  stand.write("image/large", "x".repeat(300_000));
  stand.write("image/plugins/faults.yaml", plugins.join("---\n"));
  stand.write("image/plugins/thrower.ts", thrower);
  const tiny = await stand.cluster("build", "-t", "tiny:1", join(root, "examples/tiny-cluster"));
  assert.equal(tiny.code, 0, tiny.stderr);
  const built = await stand.cluster("build", "-t", "faults:1", "image");
  assert.equal(built.code, 0, built.stderr);
}

/** It failed, by the name of who or what failed, with the reason and the way on. */
function refused(
  { code, stdout, stderr }: { readonly code: number; readonly stdout: string; readonly stderr: string },
  name: string,
  reason: RegExp,
): void {
  assert.ok(code === 1 || code === 2, stdout + stderr);
  assert.ok(stderr.includes(name), stderr);
  assert.match(stderr.replaceAll("\n", " "), reason);
  assert.match(stderr, /cluster resume faults/, stderr);
}

/** Starts the command, and kills its whole group with -9 once every host has the mark. */
async function killedInTheMiddle(stand: ClusterStand, words: readonly string[], mark: string): Promise<void> {
  const options = { cwd: stand.folder, env: { ...process.env, ...stand.env }, detached: true, stdio: "ignore" as const };
  const runner = spawn(join(root, "outrigger"), ["cluster", ...words], options);
  const ended = once(runner, "exit");
  await until(() => stand.hosts.every((host) => linesOf(host, "/root/marks").includes(mark)));
  process.kill(-(runner.pid ?? 0), "SIGKILL");
  await ended;
}

function forgetKey(stand: ClusterStand, ip: string): void {
  const file = join(stand.env["OUTRIGGER_CLUSTERS"] ?? "", "faults", "known_hosts");
  const others = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !line.startsWith(`${ip} `));
  writeFileSync(file, others.join("\n"), { mode: 0o600 });
}

function runOf(stand: ClusterStand): string {
  const started = stand
    .journals("faults")
    .flat()
    .find(({ event }) => event === "run-started");
  assert.ok(started?.event === "run-started");
  return started.run;
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < end, "it did not come to that");
    await sleep(50);
  }
}
