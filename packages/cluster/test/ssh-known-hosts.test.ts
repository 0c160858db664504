import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import type { Host } from "../src/index.ts";
import { hostKeyCheck } from "../src/ssh/host-key-check.ts";
import { fingerprintOf, knownHostName, namesHost, readKnownHosts } from "../src/ssh/known-hosts.ts";

const host = (ip: string, port = 22): Host => ({ ip, roles: ["master"], ssh: { user: "root", port }, env: {}, labels: {}, taints: [] });

function makeKey(
  folder: string,
  name: string,
  type = "ed25519",
): { readonly line: string; readonly blob: Buffer; readonly fingerprint: string } {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "", "-f", file]);
  const line = readFileSync(`${file}.pub`, "utf8").trim();
  const fingerprint = execFileSync("ssh-keygen", ["-lf", `${file}.pub`], { encoding: "utf8" }).split(" ")[1] ?? "";
  return { line, blob: Buffer.from(line.split(" ")[1] ?? "", "base64"), fingerprint };
}

test("fingerprints are those that ssh-keygen shows", (context) => {
  const key = makeKey(temporaryFolder(context), "k");
  assert.equal(fingerprintOf(key.blob), key.fingerprint);
});

test("hosts are found as ssh-keygen -F finds them: plain, with ports, wildcards, negations, and hashed by ssh-keygen -H", (context) => {
  const folder = temporaryFolder(context);
  const { line } = makeKey(folder, "k");
  const names = ["10.0.0.1", "10.0.0.2,10.0.0.3", "[10.0.0.4]:2222", "10.1.*", "10.2.0.?", "!10.3.0.1,10.3.*", "fd00::1", "*.1"];
  const asked = [
    "10.0.0.1",
    "10.0.0.3",
    "[10.0.0.4]:2222",
    "10.0.0.4",
    "10.1.5.6",
    "10.2.0.9",
    "10.2.0.10",
    "10.3.0.1",
    "10.3.0.2",
    "fd00::1",
    "1000001",
  ];
  const plain = join(folder, "plain");
  for (const hashed of [false, true]) {
    for (const each of hashed ? names.slice(0, 3) : names) {
      writeFileSync(plain, `# a remark\n\n${each} ${line}\n`);
      if (hashed) execFileSync("ssh-keygen", ["-H", "-f", plain], { stdio: "ignore" });
      for (const name of asked) {
        const found = execFileSync("sh", ["-c", 'ssh-keygen -F "$1" -f "$2" || true', "sh", name, plain], { encoding: "utf8" }) !== "";
        const ours = readKnownHosts(plain).some((known) => namesHost(known.names, name));
        assert.equal(ours, found, `${name} in ${readFileSync(plain, "utf8")}`);
      }
    }
  }
});

test("an unknown key is trusted once, said aloud, and written with mode 0600; a second one is refused with both fingerprints and the line", (context) => {
  const folder = temporaryFolder(context);
  const [one, other] = [makeKey(folder, "one"), makeKey(folder, "other")];
  const said: string[] = [];
  const knownHosts = join(folder, "cluster", "known_hosts");
  const options = {
    knownHosts,
    userKnownHosts: false as const,
    readSecret: () => Promise.resolve(""),
    onTrust: ({ fingerprint }: { readonly fingerprint: string }) => void said.push(fingerprint),
  };
  assert.equal(hostKeyCheck(host("10.0.0.1", 2222), options).refusal(one.blob), undefined);
  assert.equal(hostKeyCheck(host("10.0.0.2"), options).refusal(other.blob), undefined);
  assert.deepEqual(said, [one.fingerprint, other.fingerprint]);
  assert.equal(statSync(knownHosts).mode & 0o777, 0o600);
  assert.equal(readFileSync(knownHosts, "utf8"), `[10.0.0.1]:2222 ${one.line}\n10.0.0.2 ${other.line}\n`);
  const again = hostKeyCheck(host("10.0.0.2"), options);
  assert.deepEqual([...again.knownTypes], ["ssh-ed25519"]);
  assert.equal(again.refusal(other.blob), undefined);
  const refused = again.refusal(one.blob);
  assert.equal(refused?.code, "host-key-changed");
  for (const part of [one.fingerprint, other.fingerprint, `${knownHosts}:2`]) assert.ok(refused?.message.includes(part), refused?.message);
  assert.match(refused?.hint ?? "", /ssh-keygen -f '.*known_hosts' -R '10\.0\.0\.2'/);
  assert.equal(said.length, 2);
});

test("strict takes no unknown key; a revoked one is refused though it is known; the user's own file counts and is not written", (context) => {
  const folder = temporaryFolder(context);
  const [one, other] = [makeKey(folder, "one"), makeKey(folder, "other")];
  const users = join(folder, "users");
  writeFileSync(users, `10.0.0.1 ${one.line}\n@revoked * ${other.line}\n10.0.0.2 ${other.line}\n@cert-authority * ${other.line}\n`);
  const before = readFileSync(users, "utf8");
  const options = {
    knownHosts: join(folder, "own"),
    userKnownHosts: users,
    strict: true,
    readSecret: () => Promise.resolve(""),
    onTrust: () => assert.fail("nothing may be trusted"),
  };
  assert.equal(hostKeyCheck(host("10.0.0.1"), options).refusal(one.blob), undefined);
  assert.equal(hostKeyCheck(host("10.0.0.2"), options).refusal(other.blob)?.code, "host-key-revoked");
  assert.equal(hostKeyCheck(host("10.0.0.3"), options).refusal(one.blob)?.code, "host-key-unknown");
  assert.equal(readFileSync(users, "utf8"), before);
});

test("a line of our own file that is no host key is an error, not an unknown host", (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, "known_hosts");
  for (const bad of [
    "10.0.0.1 ssh-ed25519",
    "10.0.0.1 ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
    "@marked 10.0.0.1 ssh-ed25519 AAAA",
    "nonsense",
  ]) {
    writeFileSync(file, `\n${bad}\n`);
    assert.throws(() => readKnownHosts(file), { code: "known-hosts-unusable", message: /known_hosts:2 / }, bad);
  }
});

test("in the user's own file such a line is left out, as OpenSSH does it", (context) => {
  const folder = temporaryFolder(context);
  const { line } = makeKey(folder, "k");
  writeFileSync(join(folder, "known_hosts"), `nonsense\n10.0.0.1 ${line}\n`);
  assert.deepEqual(
    readKnownHosts(join(folder, "known_hosts"), "the user's").map((known) => known.line),
    [2],
  );
});

test("an address has its port in a known_hosts, unless it is 22", () => {
  assert.equal(knownHostName("fd00::1", 22), "fd00::1");
  assert.equal(knownHostName("fd00::1", 2222), "[fd00::1]:2222");
});
