import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ociSpec, type PluginConfig, seccompProfile, settingsOf } from "@outrigger/driver";
import { quick, startHost, volumeDriver } from "./support/host.ts";
import { pluginConfig } from "./support/plugin-config.ts";
import { storePackage } from "./support/store.ts";

/** Tells what it may do, then listens. */
const telling = `
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
const works = (...command) => { try { execFileSync(command[0], command.slice(1), { stdio: "ignore" }); return true; } catch { return false; } };
const status = Object.fromEntries(readFileSync("/proc/self/status", "utf8").split("\\n").map((line) => line.split(":\\t")));
console.log(JSON.stringify({
  uid: process.getuid(), caps: status.CapEff, bounding: status.CapBnd, noNewPrivileges: status.NoNewPrivs, seccomp: status.Seccomp,
  unshare: works("unshare", "--mount", "true"), newUser: works("unshare", "--user", "true"), fuse: existsSync("/dev/fuse"), null: existsSync("/dev/null"),
  interfaces: readFileSync("/proc/net/dev", "utf8").split("\\n").slice(2).map((line) => line.split(":")[0].trim()).filter(Boolean),
  kcore: readFileSync("/proc/keys", "utf8"), shadow: existsSync("/etc/shadow"), pid: process.pid,
}));
process.on("SIGTERM", () => process.exit(0));
createServer((request, response) => response.end('{"Scope":"local","Implements":[]}')).listen("/run/docker/plugins/driver.sock");
`;

interface Told {
  readonly uid: number;
  readonly caps: string;
  readonly bounding: string;
  readonly noNewPrivileges: string;
  readonly seccomp: string;
  readonly unshare: boolean;
  readonly newUser: boolean;
  readonly fuse: boolean;
  readonly null: boolean;
  readonly interfaces: readonly string[];
  readonly kcore: string;
  readonly shadow: boolean;
  readonly pid: number;
}

async function run(context: TestContext, given: Partial<PluginConfig>): Promise<Told> {
  const { host, folder } = await startHost(context, { times: quick });
  const name = "tools/vol:1";
  const stored = await storePackage(folder, name, { ...volumeDriver({ PropagatedMount: "", ...given }), files: { "driver.ts": telling } });
  await host.install(stored, () => {});
  await host.enable(name, 0);
  const log = Buffer.concat(await Array.fromAsync(host.logs(name, false, new AbortController().signal))).toString();
  await host.disable(name, false);
  return JSON.parse(log.split("\n").find((line) => line.startsWith("{")) ?? "") as Told;
}

test("a driver that asks for nothing has Docker's 14 capabilities, no way to more, and nothing of the machine", async (context) => {
  const told = await run(context, {});
  assert.equal(told.caps, "00000000a80425fb");
  assert.deepEqual([told.noNewPrivileges, told.seccomp, told.uid, told.pid], ["1", "2", 0, 1]);
  assert.deepEqual([told.unshare, told.newUser, told.fuse, told.null, told.shadow, told.kcore], [false, false, false, true, false, ""]);
  assert.deepEqual(told.interfaces, ["lo"]);
});

test("capabilities, a device, the host's network and a user are given where the configuration says so", async (context) => {
  const device = { Name: "null", Description: "", Settable: null, Path: "/dev/full" };
  const linux = { Capabilities: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"], AllowAllDevices: false, Devices: [device] };
  const root = await run(context, { Linux: linux, Network: { Type: "host" } });
  assert.equal(root.caps, "00000000a82435fb");
  assert.equal(root.unshare, true, "the seccomp profile opens what comes with a capability");
  assert.ok(root.interfaces.length > 1);
  const user = await run(context, { Linux: linux, User: { UID: 1000, GID: 1000 } });
  assert.deepEqual([user.uid, user.caps, user.bounding], [1000, "0000000000201000", "00000000a82435fb"]);
});
test("a device that is not there, and an entry point that is not there, are told by name", async (context) => {
  const { host, folder } = await startHost(context, { times: quick });
  const devices = [{ Name: "dev", Description: "", Settable: ["path"], Path: "/dev/nothing-here" }];
  const config = { Linux: { Capabilities: null, AllowAllDevices: false, Devices: devices }, Entrypoint: ["/not/there"] };
  await host.install(await storePackage(folder, "tools/vol:1", volumeDriver(config)), () => {});
  await assert.rejects(host.enable("other", 0), { code: "driver-unknown" });
  await assert.rejects(host.enable("vol", 0), { code: "driver-start-failed", message: /\/dev\/nothing-here is no device/ });
  await host.set("tools/vol:1", ["dev=/dev/null"]);
  await assert.rejects(host.enable("tools/vol:1", 0), { code: "driver-start-failed", message: /\/not\/there.*no such file/ });
});

test("the specification of a driver with everything: mounts in Docker's order, namespaces left out, devices by rule", () => {
  const config = pluginConfig({
    Interface: { Types: ["docker.logdriver/1.0", "docker.metricscollector/1.0"], Socket: "x.sock" },
    IpcHost: true,
    PidHost: true,
    Network: { Type: "host" },
    PropagatedMount: "/data",
    Linux: { Capabilities: null, AllowAllDevices: true, Devices: null },
    WorkDir: "/srv",
  });
  const places = { id: "f".repeat(64), rootfs: "/r", propagated: "/p", sockets: "/s", logging: "/l", metrics: "/m" };
  const spec = ociSpec(config, settingsOf(config), places, []);
  assert.deepEqual(
    spec.mounts.slice(7).map(({ source, destination }) => `${source} ${destination}`),
    [
      "/p /data",
      "/s /run/docker/plugins",
      "/etc/hosts /etc/hosts",
      "/etc/resolv.conf /etc/resolv.conf",
      "/l /l",
      "/m /run/docker/metrics.sock",
    ],
  );
  assert.deepEqual(spec.linux["namespaces"], [{ type: "mount" }, { type: "uts" }]);
  assert.deepEqual(spec.linux["resources"], { devices: [{ allow: true, access: "rwm" }] });
  assert.equal(spec.process.cwd, "/srv");
});

test("the seccomp profile opens calls with their capabilities alone", () => {
  const allowed = (capabilities: readonly string[]): readonly string[] =>
    seccompProfile(capabilities, "x64").syscalls.flatMap(({ names, action, args }) =>
      action === "SCMP_ACT_ALLOW" && args === undefined ? names : [],
    );
  for (const call of [
    "mount",
    "bpf",
    "init_module",
    "reboot",
    "setns",
    "open_by_handle_at",
    "keyctl",
    "add_key",
    "userfaultfd",
    "io_uring_setup",
  ])
    assert.ok(!allowed([]).includes(call), call);
  assert.ok(allowed(["CAP_SYS_ADMIN"]).includes("mount"));
  assert.ok(!allowed(["CAP_NET_ADMIN"]).includes("mount"));
  assert.ok(allowed(["CAP_SYS_MODULE"]).includes("init_module"));
});
