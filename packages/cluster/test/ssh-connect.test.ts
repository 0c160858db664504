import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isOutriggerError } from "@outrigger/plugin";
import { bash, connectedHosts, connectOptions } from "../../../tests/support/ssh-connections.ts";
import { plainUser, type SshHosts, sshHosts, sudoer } from "../../../tests/support/ssh-hosts.ts";
import { type ConnectOptions, connectHosts, type ExecResult, type Host, type SshAccess } from "../src/index.ts";

/** Connects to the first host in a way of its own, and asks who it is there. */
async function whoAmI(all: SshHosts, ssh: Partial<SshAccess>, options: Partial<ConnectOptions> = {}): Promise<ExecResult> {
  const [host] = all.hosts;
  const model: Host = host?.model({ ssh: { user: "root", port: 22, ...ssh } }) ?? assert.fail("no host");
  const connections = connectHosts([model], { ...connectOptions(all), ...options });
  try {
    const connection = await connections.get(model.ip);
    return await connection.exec(bash("id -un"), { timeout: 10_000 });
  } finally {
    await connections.close();
  }
}

async function refusal(work: Promise<unknown>): Promise<{ readonly code: string; readonly message: string; readonly hint: string }> {
  try {
    await work;
  } catch (error) {
    if (isOutriggerError(error)) return error;
    throw error;
  }
  return assert.fail("it was done");
}

test("logging in: a key, a key with a passphrase, a password, keyboard-interactive, an agent, the usual files", async (context) => {
  const all = await sshHosts(context, 1);
  const password = { from: "text", text: all.password } as const;
  const root = { exit: 0, stdout: "root\n", stderr: "" };
  assert.deepEqual(await whoAmI(all, { key: { path: all.keyFile } }), root);
  assert.deepEqual(await whoAmI(all, { password }), root);
  assert.deepEqual(await whoAmI(all, { user: sudoer, password }), root);

  const locked = join(all.folder, "locked");
  cpSync(all.keyFile, locked);
  execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "pass phrase", "-f", locked]);
  assert.deepEqual(await whoAmI(all, { key: { path: locked, passphrase: { from: "text", text: "pass phrase" } } }), root);

  const socket = join(all.folder, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  context.after(() => agent.kill());
  await once(agent.stdout, "data");
  execFileSync("ssh-add", ["-q", all.keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: "ignore" });
  assert.deepEqual(await whoAmI(all, {}, { agent: socket }), root);

  const keyFolder = join(all.folder, "keys");
  mkdirSync(keyFolder);
  cpSync(locked, join(keyFolder, "id_rsa"));
  cpSync(all.keyFile, join(keyFolder, "id_ed25519"));
  assert.deepEqual(await whoAmI(all, {}, { keyFolder }), root);

  await all.hosts[0]?.exec(
    "sed -i 's/^PasswordAuthentication.*/PasswordAuthentication no/; s/^Kbd.*/KbdInteractiveAuthentication yes/' /etc/ssh/sshd_config; kill -HUP $(cat /run/sshd.pid); sleep 0.3",
  );
  assert.deepEqual(await whoAmI(all, { password }), root);
});

test("who is not let in is told what was tried and what the host takes; no secret is said", async (context) => {
  const all = await sshHosts(context, 1);
  const ip = all.hosts[0]?.ip;
  const wrong = await refusal(whoAmI(all, { password: { from: "text", text: "hunter2" } }));
  assert.equal(wrong.code, "ssh-login-refused");
  assert.match(wrong.message, new RegExp(`^${ip} refuses to let root in\\. Tried: the password.*The host takes: publickey, password`));
  assert.ok(!JSON.stringify(wrong).includes("hunter2"));

  const stranger = join(all.folder, "stranger");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stranger]);
  assert.match(
    (await refusal(whoAmI(all, { key: { path: stranger } }))).message,
    /Tried: the key .*stranger\. The host takes: publickey, password/,
  );
  assert.match(
    (await refusal(whoAmI(all, {}))).message,
    /Tried: nothing, for there is no password, no key and no agent\. The host takes: publickey, password/,
  );

  const keyFolder = join(all.folder, "keys");
  mkdirSync(keyFolder);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", join(keyFolder, "id_ed25519")]);
  assert.match((await refusal(whoAmI(all, {}, { keyFolder }))).message, /left out: .*id_ed25519 \(it has a passphrase\)/);

  const unusable = (path: string, text?: string): Promise<{ readonly code: string; readonly message: string }> =>
    refusal(whoAmI(all, { key: { path, ...(text === undefined ? {} : { passphrase: { from: "text", text } }) } }));
  assert.match((await unusable(join(keyFolder, "id_ed25519"))).message, /it has a passphrase/);
  assert.match((await unusable(join(keyFolder, "id_ed25519"), "other")).message, /the passphrase is wrong/);
  assert.match((await unusable(`${all.keyFile}.pub`)).message, /it is a public key/);
  assert.match((await unusable(join(all.folder, "none"))).message, /no such file/);
  assert.equal((await unusable(join(all.folder, "none"))).code, "ssh-key-unusable");
});

test("hosts that can't be reached: nothing listens, no such machine, no answer", async (context) => {
  const all = await sshHosts(context, 2);
  const [one, two] = all.hosts;
  const connections = connectHosts([...all.hosts.map((host) => host.model()), { ...(one?.model() as Host), ip: `${one?.ip}9` }], {
    ...connectOptions(all),
    connectTimeout: 4_000,
  });
  context.after(() => connections.close());
  await one?.exec("kill $(cat /run/sshd.pid); sleep 0.2");
  const closed = await refusal(connections.get(one?.ip ?? ""));
  assert.equal(closed.message, `${one?.ip} can't be reached on port 22: nothing listens there.`);
  two?.drop();
  const dropped = await refusal(connections.get(two?.ip ?? ""));
  assert.match(dropped.message, /can't be reached on port 22: (no SSH connection within 4 s|no such machine answers)/);
  assert.equal((await refusal(connections.get("192.0.2.77"))).code, "host-not-of-cluster");
  two?.restore();
  assert.equal((await (await connections.get(two?.ip ?? "")).facts()).hostname, "host-2", "one that failed is tried anew");
});

test("host keys: trusted at first use and said aloud, then known; a changed one is refused, and nothing is sent to it", async (context) => {
  const all = await connectedHosts(context, 1);
  const [host] = all.hosts;
  assert.deepEqual(
    all.trusted.map(({ host: { ip }, algorithm, fingerprint, file }) => ({ ip, algorithm, fingerprint, file })),
    [{ ip: host?.ip, algorithm: "ssh-ed25519", fingerprint: host?.fingerprint(), file: all.options.knownHosts }],
  );
  const password = { from: "text", text: all.password } as const;
  assert.equal((await whoAmI(all, { password }, { strict: true })).stdout, "root\n");
  assert.equal((await whoAmI(all, { password }, { strict: true, knownHosts: all.knownHosts })).stdout, "root\n", "as OpenSSH writes it");
  const before = host?.fingerprint() ?? "";
  await host?.changeHostKey();
  const changed = await refusal(whoAmI(all, { password }));
  assert.equal(changed.code, "host-key-changed");
  for (const part of [before, host?.fingerprint() ?? "", `${all.options.knownHosts}:1`])
    assert.ok(changed.message.includes(part), changed.message);
  const unknown = await refusal(whoAmI(all, { password }, { strict: true, knownHosts: join(all.folder, "empty") }));
  assert.equal(unknown.code, "host-key-unknown");
  assert.equal(readFileSync(all.options.knownHosts, "utf8").trim().split("\n").length, 1);
});

test("becoming root: sudo without a password, sudo that wants one, no sudo at all", async (context) => {
  const all = await sshHosts(context, 1);
  const key = { path: all.keyFile };
  assert.equal((await whoAmI(all, { user: sudoer, key })).stdout, "root\n");
  const refused = await refusal(whoAmI(all, { user: plainUser, key }));
  assert.equal(refused.message, `${all.hosts[0]?.ip}: ${plainUser} can't become root by \`sudo -n\`: sudo: a password is required.`);
  await all.hosts[0]?.exec("chmod 0 /usr/bin/sudo; mv /usr/bin/sudo /usr/bin/no-sudo");
  assert.equal((await refusal(whoAmI(all, { user: sudoer, key }))).code, "sudo-refused");
});

test("login shells: one that isn't bash, start files that print, exit or read, a motd, no shell, no bash", async (context) => {
  const all = await sshHosts(context, 1);
  const key = { path: all.keyFile };
  const [host] = all.hosts;
  const root = { exit: 0, stdout: "root\n", stderr: "" };
  const set = async (script: string): Promise<void> => {
    const done = await host?.exec(`set -e; ${script}`);
    assert.equal(done?.code, 0, done?.stderr);
  };
  await set(
    "echo 'Welcome!' > /etc/motd; echo 'echo hello; echo warning >&2; printf \"no end of line\"' > /root/.bashrc; chsh -s /bin/bash",
  );
  assert.deepEqual(await whoAmI(all, { key }), root);
  await set("usermod -s /bin/dash root");
  assert.deepEqual(await whoAmI(all, { key }), root);
  await set("usermod -s /bin/bash root; echo 'echo no entry; exit 7' > /root/.bashrc");
  const ended = await refusal(whoAmI(all, { key }));
  assert.equal(ended.message, `${host?.ip}: the login shell of root ended (exit 7) before it ran anything: no entry.`);
  await set("rm /root/.bashrc; usermod -s /usr/sbin/nologin root");
  assert.match((await refusal(whoAmI(all, { key }))).message, /before it ran anything: This account is currently not available\./);
  await set("usermod -s /bin/dash root; mv /bin/bash /bin/hidden");
  const missing = await refusal(whoAmI(all, { key }));
  assert.equal(missing.code, "host-bash-missing");
});

test("a link that drops comes back by itself, and is said; what was asked meanwhile is done", async (context) => {
  const { hosts, first, events } = await connectedHosts(context, 1);
  const [host] = hosts;
  host?.drop();
  const asked = first.exec(bash("hostname"), { timeout: 30_000 });
  while (!events.some(({ kind }) => kind === "lost")) await sleep(50);
  host?.restore();
  assert.equal((await asked).stdout, "host-1\n");
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["lost", "back"],
  );
});

test("a host that stays away fails after the patience, with its name; one whose key changed meanwhile fails at once", async (context) => {
  const { hosts, connections, first, events } = await connectedHosts(context, 2, { connect: { patience: 2_000 } });
  const [one, two] = hosts;
  const second = await connections.get(two?.ip ?? "");
  one?.drop();
  const lost = await refusal(first.exec(bash("true"), { timeout: 30_000 }));
  assert.equal(lost.code, "ssh-link-lost");
  assert.match(lost.message, new RegExp(`^${one?.ip}: the connection was lost \\(.*did not come back within 2 s`));
  await two?.changeHostKey();
  two?.exec("kill $(pgrep -f 'sshd: root')").catch(() => undefined);
  while (!events.some(({ host, kind }) => kind === "lost" && host.ip === two?.ip)) await sleep(20);
  assert.equal((await refusal(second.facts())).code, "host-key-changed");
});

test("many at once: more sessions than sshd lets in are queued", async (context) => {
  const { first } = await connectedHosts(context, 1);
  const results = await Promise.all(
    Array.from({ length: 25 }, (_, index) => first.exec(bash(`sleep 0.1; echo ${index}`), { timeout: 30_000 })),
  );
  assert.deepEqual(
    results.map(({ stdout }) => stdout),
    Array.from({ length: 25 }, (_, index) => `${index}\n`),
  );
});
