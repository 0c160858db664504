import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { builtInTypes, type ClusterPlugin, type Host, type HostScript, type ScriptedType } from "@outrigger/cluster";
import { makeCertificates } from "../../../tests/support/certificates.ts";
import type { Result } from "../../../tests/support/sandbox.ts";
import { type SshHost, sshHosts } from "../../../tests/support/ssh-hosts.ts";
import { plugin } from "./support/hosts.ts";

function scripted(type: string): ScriptedType {
  const found = builtInTypes.get(type);
  return found?.kind === "scripted" ? found : assert.fail(type);
}

/** Runs what a plug-in does on a host, there. */
async function run(host: SshHost, made: ClusterPlugin, way: "script" | "undo" = "script", rootfs?: string): Promise<Result> {
  const model: Host = host.model({ roles: ["master"] });
  const place = { phase: "PreInit", host: model, hosts: [model], ...(rootfs === undefined ? {} : { rootfs }) } as const;
  const script = scripted(made.type)[way]?.(made, place) ?? assert.fail("no script");
  return await host.exec(`export OUTRIGGER_CLUSTER_NAME=c\n${wholeScript(script)}`);
}

function wholeScript({ text, env, workingDirectory, strict }: HostScript): string {
  const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
  const exported = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  const folder = workingDirectory === undefined ? "" : `cd ${quoted(workingDirectory)}\n`;
  return `${exported.join("")}${folder}${strict ? "set -euo pipefail\n" : ""}${text}`;
}

const right = ({ code, stderr }: Result): void => assert.deepEqual([code, stderr], [0, ""]);

/** Hosts for the tests of a suite. */
function hostsWhileSuite(count: number): (number: number) => SshHost {
  const ends: (() => unknown)[] = [];
  let hosts: readonly SshHost[] = [];
  before(async () => {
    ({ hosts } = await sshHosts({ after: (end) => void ends.push(end as () => unknown) }, count));
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });
  return (number) => hosts[number] ?? assert.fail("before the suite");
}

suite("HOSTNAME on a host", () => {
  const host = hostsWhileSuite(1);
  const named = (name: string): ClusterPlugin => plugin("HOSTNAME", `${host(0).ip} ${name}`);
  const nameOf = async (): Promise<string> => (await host(0).exec("cat /proc/sys/kernel/hostname")).stdout.trim();
  const writeHosts = async (text: string): Promise<void> => right(await host(0).exec(`printf '%s' '${text}' >/etc/hosts`));
  const hostsFile = (): readonly string[] => (host(0).read("/etc/hosts") ?? "").split("\n");

  test("names it now and for the next boot, and puts it into /etc/hosts once", async () => {
    const { ip } = host(0);
    await writeHosts("127.0.0.1\tlocalhost\n");
    right(await run(host(0), named("node-1.example.com")));
    assert.equal(await nameOf(), "node-1.example.com");
    assert.equal(host(0).read("/etc/hostname"), "node-1.example.com\n");
    assert.deepEqual(hostsFile(), ["127.0.0.1\tlocalhost", `${ip}\tnode-1.example.com node-1`, ""]);
    const again = await run(host(0), named("node-1.example.com"));
    right(again);
    assert.equal(again.stdout, "");
    assert.equal(hostsFile().length, 3);
  });

  test("gives entries of the former name the new one, keeps comments, and takes the name from other hosts' lines", async () => {
    const { ip } = host(0);
    right(await run(host(0), named("old")));
    await writeHosts(
      `# by hand\n127.0.0.1 localhost old # mine\n127.0.1.1 old\n10.9.9.9 new alias\n10.9.9.8 new\n${ip} old.example.com old db\n\n10.9.9.7 oldest old\n`,
    );
    right(await run(host(0), named("new")));
    assert.deepEqual(hostsFile(), [
      "# by hand",
      "127.0.0.1\tlocalhost new # mine",
      "127.0.1.1\tnew",
      "10.9.9.9\talias",
      `${ip}\told.example.com new db`,
      "",
      "10.9.9.7 oldest old",
      "",
    ]);
  });

  test("works on an /etc/hosts that is empty, is not there, or has no end of line", async () => {
    const { ip } = host(0);
    for (const [text, expected] of [
      ["", []],
      ["127.0.0.1 localhost", ["127.0.0.1 localhost"]],
    ] as const) {
      await writeHosts(text);
      right(await run(host(0), named("plain")));
      assert.deepEqual(hostsFile(), [...expected, `${ip}\tplain`, ""]);
    }
    right(await host(0).exec("rm /etc/hosts"));
    right(await run(host(0), named("plain")));
    assert.deepEqual(hostsFile(), [`${ip}\tplain`, ""]);
    assert.equal((await host(0).exec("stat --format %a /etc/hosts")).stdout, "644\n");
  });

  test("writes files that are mounted by themselves, as in containers", async () => {
    right(
      await host(0).exec("cp /etc/hosts /etc/hostname /run; mount --bind /run/hosts /etc/hosts; mount --bind /run/hostname /etc/hostname"),
    );
    right(await run(host(0), named("mounted")));
    assert.equal(host(0).read("/run/hostname"), "mounted\n");
    assert.match(host(0).read("/run/hosts") ?? "", /\tmounted\n/);
    right(await host(0).exec('umount /etc/hosts /etc/hostname; test -z "$(ls /etc/*.outrigger 2>/dev/null)"'));
  });

  test("undo gives the former name back, once", async () => {
    right(await run(host(0), named("before")));
    right(await host(0).exec("rm -rf /var/lib/outrigger/clusters/c/former-hostnames"));
    right(await run(host(0), named("after")));
    // An interrupted run is done again: the name from before it stays known.
    right(await run(host(0), named("after")));
    right(await run(host(0), named("after"), "undo"));
    assert.equal(await nameOf(), "before");
    assert.equal(host(0).read("/etc/hostname"), "before\n");
    assert.ok(hostsFile().includes(`${host(0).ip}\tbefore`), hostsFile().join("\n"));
    right(await host(0).exec("hostname own"));
    right(await run(host(0), named("after"), "undo"));
    assert.equal(await nameOf(), "own");
  });
});

suite("SHELL on a host", () => {
  const host = hostsWhileSuite(1);
  const inRootfs = (data: string, fields: Partial<ClusterPlugin> = {}): Promise<Result> =>
    run(host(0), plugin("SHELL", data, fields), "script", "/srv");

  test("ends at the first command that fails; as Sealer ran it, goes on", async () => {
    const data = "pwd\nfalse\necho after\n";
    assert.deepEqual(await inRootfs(data).then(({ code, stdout }) => [code, stdout]), [1, "/srv\n"]);
    assert.deepEqual(await inRootfs(data, { strict: false }).then(({ code, stdout }) => [code, stdout]), [0, "/srv\nafter\n"]);
    assert.equal((await inRootfs("echo $UNKNOWN")).code, 1);
  });
});

suite("ETCD on a host", () => {
  const host = hostsWhileSuite(1);
  const path = "/var/backups/test/etcd.db";
  const listed = async (): Promise<readonly string[]> =>
    (await host(0).exec("cd /var/backups/test && stat --format '%a %n' -- * .[!.]*  2>/dev/null")).stdout.trim().split("\n");
  const put = (key: string): Promise<Result> => host(0).exec(`${etcdctl} put ${key} 1`);
  const pki = "/etc/kubernetes/pki/etcd";
  const etcdctl = `ETCDCTL_API=3 etcdctl --cacert ${pki}/ca.crt --cert ${pki}/server.crt --key ${pki}/server.key`;

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), "outrigger-test-"));
    const { authority, certificate, key } = makeCertificates(folder);
    for (const [name, file] of [
      ["ca.crt", authority],
      ["server.crt", certificate],
      ["server.key", key],
    ] as const) {
      right(await host(0).exec(`mkdir -p ${pki}; umask 077; echo ${readFileSync(file).toString("base64")} | base64 -d >${pki}/${name}`));
    }
    rmSync(folder, { recursive: true });
    const words = `--data-dir /var/lib/etcd --listen-client-urls https://127.0.0.1:2379 --advertise-client-urls https://127.0.0.1:2379 \\
      --listen-peer-urls http://127.0.0.1:2380 --cert-file ${pki}/server.crt --key-file ${pki}/server.key --trusted-ca-file ${pki}/ca.crt --client-cert-auth`;
    right(await host(0).exec(`mkdir -p -m 700 /var/lib/etcd; setsid etcd ${words} >/var/log/etcd.log 2>&1 </dev/null &`));
    right(
      await host(0).exec(
        `for try in {1..100}; do ${etcdctl} endpoint health >/dev/null 2>&1 && exit 0; sleep 0.1; done; cat /var/log/etcd.log >&2; exit 1`,
      ),
    );
  });

  test("makes a snapshot that etcd's own tool takes, readable by root alone, and leaves nothing else", async () => {
    await put("first");
    const made = await run(host(0), plugin("ETCD", path));
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /HASH .*TOTAL KEYS[\s\S]*\/var\/backups\/test\/etcd\.db: \d+ bytes from https:\/\/127\.0\.0\.1:2379\n$/);
    assert.deepEqual(await listed(), ["600 etcd.db"]);
    const restored = await host(0).exec(
      `ETCDCTL_API=3 etcdctl snapshot restore ${path} --data-dir /run/restored 2>&1 && ls /run/restored/member`,
    );
    assert.match(restored.stdout, /snap\nwal\n$/);
  });

  test("keeps as many as asked for, the newest under the name itself", async () => {
    for (let each = 0; each < 4; each += 1) {
      await put(`key-${each}`);
      assert.equal((await run(host(0), plugin("ETCD", { path, keep: 3 }))).code, 0);
    }
    const files = await listed();
    assert.equal(files.length, 3);
    assert.ok(
      files.every((line) => line.startsWith("600 etcd.db")),
      files.join("\n"),
    );
    const sizes = await host(0).exec(
      `cd /var/backups/test; for f in etcd.db*; do ETCDCTL_API=3 etcdctl snapshot status $f | cut -d, -f2; done`,
    );
    const [newest = 0, ...older] = sizes.stdout.trim().split("\n").map(Number);
    assert.deepEqual(
      older,
      older.toSorted((one, other) => one - other),
    );
    assert.ok(
      older.every((revision) => revision < newest),
      sizes.stdout,
    );
    assert.equal((await run(host(0), plugin("ETCD", { path, keep: 1 }))).code, 0);
  });

  test("what fails leaves the snapshots that are there", async () => {
    const before = await listed();
    const failures: readonly (readonly [unknown, RegExp])[] = [
      [{ path, endpoints: ["https://127.0.0.1:1"] }, /no snapshot: none of https:\/\/127\.0\.0\.1:1 gave one/],
      [{ path, cacert: "/none" }, /there is no file \/none/],
      ["/var/backups/test", /is a folder/],
      [{ path, endpoints: ["http://127.0.0.1:2379"] }, /no snapshot/],
    ];
    for (const [data, expected] of failures) {
      const { code, stderr } = await run(host(0), plugin("ETCD", data));
      assert.equal(code, 1);
      assert.match(stderr, expected);
    }
    assert.deepEqual((await listed()).slice(0, before.length), before);
    assert.deepEqual((await host(0).exec("ls /var/backups/test | grep partial; true")).stdout, "");
  });

  test("a snapshot that is damaged on its way is not kept, wherever the damage is", async () => {
    const damages = ["truncate -s 12000", "truncate -s -512", "dd bs=64 count=1 seek=300 conv=notrunc if=/dev/urandom of=", ":>"];
    for (const damage of damages) {
      const damaging = `#!/bin/bash
/usr/bin/etcdctl "$@" || exit
case "$*" in *"snapshot save"*) ${damage.endsWith("=") || damage.endsWith(">") ? damage : `${damage} `}"\${@: -1}" ;; esac
`;
      right(
        await host(0).exec(
          `mkdir -p /opt/damaging/bin; cat >/opt/damaging/bin/etcdctl <<'E'\n${damaging}E\nchmod +x /opt/damaging/bin/etcdctl`,
        ),
      );
      const before = await listed();
      const made = await run(host(0), plugin("ETCD", path), "script", "/opt/damaging");
      assert.deepEqual([made.code, /; it is not kept/.test(made.stderr)], [1, true], `${damage}: ${made.stderr}`);
      assert.deepEqual(await listed(), before);
    }
  });

  test("takes the first endpoint that answers, and a host's own ETCDCTL variables do not disturb it", async () => {
    const endpoints = ["https://127.0.0.1:1", "https://127.0.0.1:2379"];
    const own = plugin("ETCD", { path, endpoints, cert: `${pki}/server.crt`, key: `${pki}/server.key`, cacert: `${pki}/ca.crt` });
    const model = host(0).model({ roles: ["master"], env: { ETCDCTL_ENDPOINTS: "https://10.0.0.1:2379", ETCDCTL_CACERT: "/none" } });
    const script = scripted("ETCD").script(own, { phase: "PreUpgrade", host: model, hosts: [model] }) ?? assert.fail();
    const made = await host(0).exec(wholeScript(script));
    assert.deepEqual([made.code, /bytes from https:\/\/127\.0\.0\.1:2379/.test(made.stdout)], [0, true], made.stderr);
  });

  test("without etcdctl on the host, the one in etcd's container makes it", async () => {
    const crictl = `#!/bin/bash
case "$1" in
ps) echo 1234 ;;
exec) shift 2; PATH=/opt/container "$@" ;;
esac
`;
    const shim = `mkdir -p /opt/container /opt/rootfs/bin; mv "$(command -v etcdctl)" /opt/container
cat >/opt/rootfs/bin/crictl <<'E'
${crictl}E
chmod +x /opt/rootfs/bin/crictl; rm -f ${path}`;
    right(await host(0).exec(shim));
    const made = await run(host(0), plugin("ETCD", path), "script", "/opt/rootfs");
    assert.deepEqual([made.code, /bytes from/.test(made.stdout)], [0, true], made.stderr);
    assert.ok((await listed()).includes("600 etcd.db"));
    assert.equal((await host(0).exec("ls /var/lib/etcd")).stdout, "member\n");
  });
});
