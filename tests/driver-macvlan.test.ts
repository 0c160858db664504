import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { image, type MacvlanHost, macvlanHost, type NetworkHost, networkHost, ownSwitch } from "./support/macvlan-hosts.ts";
import { ownRegistry } from "./support/own-registry.ts";
import { execute, root } from "./support/sandbox.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const hostLinks = ["lo", "uplink0"];

async function twoHosts(context: TestContext): Promise<readonly [MacvlanHost, MacvlanHost]> {
  const between = ownSwitch(context);
  return [await macvlanHost(context, "a", between), await macvlanHost(context, "b", between)];
}

/** The options by which stock `docker network create` asks for the driver and its addresses. */
function by({ driver }: { readonly driver: string }, ...more: readonly string[]): readonly string[] {
  return ["network", "create", "--driver", driver, "--ipam-driver", driver, ...more];
}

function run(host: NetworkHost, name: string, network: string, ...more: readonly string[]): Promise<string> {
  return host.done("run", "--detach", "--name", name, "--network", network, ...more, image, "busybox", "sleep", "3600");
}

/** Three times, since a new IPv6 address is looked at by its neighbours first (RFC 4862). */
async function reaches(host: NetworkHost, from: string, address: string): Promise<boolean> {
  return (await host.docker("exec", from, "busybox", "ping", "-c", "3", "-W", "2", address)).code === 0;
}

async function remove(host: NetworkHost, network: string, ...containers: readonly string[]): Promise<void> {
  if (containers.length > 0) await host.done("rm", "--force", "--volumes", ...containers);
  await host.done("network", "rm", network);
  assert.deepEqual(host.links(), hostLinks, "nothing is left on the host");
}

test("containers of two hosts reach each other by IPv4 and IPv6, each host with a range of the same subnets", async (context) => {
  const [a, b] = await twoHosts(context);
  const subnets = ["--ipv6", "--subnet", "10.9.0.0/24", "--subnet", "fd00:9::/64", "--gateway", "10.9.0.1", "--gateway", "fd00:9::1"];
  const options = ["-o", "parent=uplink0", "-o", "mtu=1400"];
  await a.done(...by(a, ...subnets, "--ip-range", "10.9.0.64/26", "--ip-range", "fd00:9::a:0:0/96", ...options, "lan"));
  await b.done(...by(b, ...subnets, "--ip-range", "10.9.0.128/26", "--ip-range", "fd00:9::b:0:0/96", ...options, "lan"));
  await run(a, "one", "lan");
  await run(b, "two", "lan");
  await run(b, "three", "lan", "--ip", "10.9.0.200", "--ip6", "fd00:9::c8", "--mac-address", "02:00:5e:00:53:07");

  assert.ok(await reaches(a, "one", "10.9.0.128"));
  assert.ok(await reaches(b, "two", "10.9.0.64"));
  assert.ok(await reaches(a, "one", "10.9.0.200"));
  assert.ok(await reaches(b, "two", "10.9.0.200"), "on one host, too");
  assert.ok(await reaches(a, "one", "fd00:9::c8"));
  assert.ok(await reaches(b, "three", "10.9.0.64"));
  const [{ Containers: shown }] = JSON.parse(await b.done("network", "inspect", "lan")) as [
    { Containers: Record<string, { Name: string; MacAddress: string; IPv4Address: string; IPv6Address: string }> },
  ];
  const three = Object.values(shown).find(({ Name }) => Name === "three");
  assert.deepEqual([three?.IPv4Address, three?.IPv6Address, three?.MacAddress], ["10.9.0.200/24", "fd00:9::c8/64", "02:00:5e:00:53:07"]);
  const inside = await b.done("exec", "three", "busybox", "ip", "address");
  assert.match(inside, /eth0@.* mtu 1400 /);
  assert.match(inside, /link\/ether 02:00:5e:00:53:07/);
  assert.match(await b.done("exec", "three", "busybox", "ip", "route"), /default via 10\.9\.0\.1 dev eth0/);
  assert.match(await b.done("exec", "three", "busybox", "ip", "-6", "route"), /default via fd00:9::1 dev eth0/);
  assert.doesNotMatch(inside, /eth1/, "the engine adds no way out of its own");

  await remove(a, "lan", "one");
  await remove(b, "lan", "two", "three");
});

test("a driver that is killed and started anew knows its networks; containers restart, connect and disconnect", async (context) => {
  const [a, b] = await twoHosts(context);
  for (const host of [a, b]) {
    const range = host === a ? "10.9.0.64/26" : "10.9.0.128/26";
    await host.done(...by(host, "--subnet", "10.9.0.0/24", "--ip-range", range, "-o", "parent=uplink0", "lan"));
  }
  await run(a, "one", "lan");
  await run(b, "two", "lan");
  await a.restartDriver();
  assert.ok(await reaches(a, "one", "10.9.0.128"), "what runs goes on");
  await run(a, "later", "lan");
  assert.ok(await reaches(a, "later", "10.9.0.128"));
  assert.ok(await reaches(a, "later", "10.9.0.64"));
  await a.done("restart", "--time", "0", "one");
  assert.ok(await reaches(a, "one", "10.9.0.128"));
  await a.done("network", "disconnect", "lan", "one");
  assert.equal(await reaches(a, "one", "10.9.0.128"), false);
  await a.done("network", "connect", "--ip", "10.9.0.99", "lan", "one");
  assert.ok(await reaches(b, "two", "10.9.0.99"));
  assert.deepEqual(a.links(), hostLinks, "links of running containers are theirs");
  await remove(a, "lan", "one", "later");
  await remove(b, "lan", "two");
});

test("modes differ as the kernel's do: private keeps one host's containers apart, vepa sends them over the switch", async (context) => {
  const [a, b] = await twoHosts(context);
  for (const mode of ["private", "vepa"]) {
    for (const host of [a, b]) {
      await host.done(...by(host, "--subnet", "10.9.0.0/24", "-o", "parent=uplink0", "-o", `mode=${mode}`, mode));
    }
    await run(a, "one", mode, "--ip", "10.9.0.11");
    await run(a, "beside", mode, "--ip", "10.9.0.12");
    await run(b, "two", mode, "--ip", "10.9.0.21");
    assert.ok(await reaches(a, "one", "10.9.0.21"), mode);
    assert.equal(await reaches(a, "one", "10.9.0.12"), mode === "vepa", mode);
    await remove(a, mode, "one", "beside");
    await remove(b, mode, "two");
  }
  await a.done(...by(a, "--subnet", "10.9.0.0/24", "-o", "parent=uplink0", "-o", "mode=passthru", "whole"));
  await b.done(...by(b, "--subnet", "10.9.0.0/24", "-o", "parent=uplink0", "lan"));
  await run(a, "one", "whole", "--ip", "10.9.0.11");
  await run(b, "two", "lan", "--ip", "10.9.0.21");
  assert.ok(await reaches(a, "one", "10.9.0.21"));
  const second = await a.docker("run", "--name", "more", "--network", "whole", image, "true");
  assert.match(second.stderr, /a network of mode passthru has one container, and it is there/);
  const other = await a.docker(...by(a, "--subnet", "10.8.0.0/24", "-o", "parent=uplink0", "lan"));
  assert.match(other.stderr, /the parent uplink0 is used by the network/);
  await remove(a, "whole", "one", "more");
  await remove(b, "lan", "two");
});

test("an internal network leads nowhere but to its own containers", async (context) => {
  const [a, b] = await twoHosts(context);
  await a.done(...by(a, "--internal", "--subnet", "10.9.0.0/24", "inner"));
  await b.done(...by(b, "--subnet", "10.9.0.0/24", "-o", "parent=uplink0", "lan"));
  await run(a, "one", "inner", "--ip", "10.9.0.11");
  await run(a, "beside", "inner", "--ip", "10.9.0.12");
  await run(b, "two", "lan", "--ip", "10.9.0.21");
  a.ip("address", "add", "10.9.0.250/24", "dev", "uplink0");
  assert.ok(await reaches(a, "one", "10.9.0.12"));
  assert.equal(await reaches(a, "one", "10.9.0.21"), false, "the other host");
  assert.equal(await reaches(a, "one", "10.9.0.250"), false, "its own host");
  assert.doesNotMatch(await a.done("exec", "one", "busybox", "ip", "route"), /default/);
  a.ip("address", "flush", "dev", "uplink0");
  await remove(a, "inner", "one", "beside");
  await remove(b, "lan", "two");
});

test("what is asked wrongly is told by docker in the driver's words", async (context) => {
  const host = await macvlanHost(context, "a", ownSwitch(context));
  const told = async (...options: readonly string[]): Promise<string> => (await host.docker(...by(host, ...options, "wrong"))).stderr;
  assert.match(await told("-o", "parent=uplink0", "-o", "mod=bridge"), /there is no option mod; there are: parent, mode, mtu/);
  assert.match(await told("-o", "parent=uplink9"), /the parent uplink9 is not there/);
  assert.match(await told("--subnet", "10.9.0.0/24", "--gateway", "10.8.0.1", "-o", "parent=uplink0"), /10\.8\.0\.1/);
  await host.done(...by(host, "--subnet", "10.9.0.0/24", "--aux-address", "router=10.9.0.2", "-o", "parent=uplink0", "lan"));
  assert.match(await told("--subnet", "10.9.0.128/25", "-o", "parent=uplink0"), /10\.9\.0\.128\/25 overlaps 10\.9\.0\.0\/24/);
  const taken = await host.docker("run", "--name", "one", "--network", "lan", "--ip", "10.9.0.2", image, "true");
  assert.match(taken.stderr, /10\.9\.0\.2 is taken|[Aa]ddress already in use/);
  await run(host, "two", "lan");
  assert.match(await host.done("inspect", "two"), /"IPAddress": "10\.9\.0\.3"/, "the gateway and the aux address are left out");
  await remove(host, "lan", "one", "two");
  assert.deepEqual(JSON.parse((await host.done("network", "ls", "--filter", `driver=${host.driver}`, "--format", "json")) || "[]"), []);
});

/** Builds the driver once, and installs it on every host from a registry of the host's own, by stock docker. */
async function installed(context: TestContext, hosts: readonly NetworkHost[], ...settings: readonly string[]): Promise<void> {
  const env = { OUTRIGGER_PACKAGES: join(hosts[0]?.engine.folder ?? "", "packages") };
  const outrigger = async ({ inside: [program = "", ...before] }: NetworkHost, ...words: readonly string[]): Promise<void> => {
    const { code, stderr } = await execute(program, [...before, join(root, "outrigger"), "driver", ...words], root, env);
    assert.equal(code, 0, stderr);
  };
  for (const host of hosts) {
    if (host === hosts[0]) await outrigger(host, "build", "plugins/macvlan-driver", "--tag", "macvlan-driver:1.0.0");
    const name = `${await ownRegistry(context, host.engine)}/tools/macvlan-driver:1.0.0`;
    await outrigger(host, "push", "macvlan-driver:1.0.0", name);
    await host.done("plugin", "install", "--grant-all-permissions", "--alias", "lan-driver", name, ...settings);
  }
}

test("built by one command and installed from a registry by stock docker, it is a managed plug-in that does the same", async (context) => {
  const between = ownSwitch(context);
  const a = await networkHost(context, "a", between, { size: "500m" });
  const b = await networkHost(context, "b", between, { size: "500m" });
  await installed(context, [a, b], "LOG_LEVEL=debug");
  for (const host of [a, b]) {
    const range = host === a ? "10.9.0.64/26" : "10.9.0.128/26";
    const addresses = ["--subnet", "10.9.0.0/24", "--ip-range", range, "--ipv6", "--subnet", "fd00:9::/64"];
    await host.done(...by({ driver: "lan-driver:latest" }, ...addresses, "-o", "parent=uplink0", "lan"));
  }
  const [{ Config: config, Settings: settings }] = JSON.parse(await a.done("plugin", "inspect", "lan-driver")) as [
    { Config: { Linux: { Capabilities: unknown }; Network: unknown }; Settings: { Env: readonly string[] } },
  ];
  assert.deepEqual([config.Linux.Capabilities, config.Network], [["CAP_NET_ADMIN"], { Type: "host" }]);
  assert.ok(settings.Env.includes("LOG_LEVEL=debug"));
  await run(a, "one", "lan");
  await run(b, "two", "lan", "--ip6", "fd00:9::22");
  assert.ok(await reaches(a, "one", "10.9.0.128"));
  assert.ok(await reaches(a, "one", "fd00:9::22"));

  // What the driver knows lies outside its root filesystem, which an upgrade throws away.
  await a.done("plugin", "disable", "--force", "lan-driver");
  await a.done("plugin", "enable", "lan-driver");
  await run(a, "later", "lan");
  assert.ok(await reaches(a, "later", "10.9.0.128"));
  await remove(a, "lan", "one", "later");
  await remove(b, "lan", "two");
  for (const host of [a, b]) await host.done("plugin", "rm", "--force", "lan-driver");
});

test("the same package under our own host serves the stock engine by name", async (context) => {
  const host = await networkHost(context, "a", ownSwitch(context), { ownPlugins: true });
  const folder = temporaryFolder(context);
  const listen = `unix://${join(folder, "host.sock")}`;
  const env = { ...process.env, OUTRIGGER_PACKAGES: join(folder, "packages"), OUTRIGGER_DRIVER_HOST: listen };
  const outrigger = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await execute(join(root, "outrigger"), ["driver", ...words], root, env);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await outrigger("build", "plugins/macvlan-driver", "--tag", "macvlan-driver:1.0.0");
  const [program = "", ...before] = host.inside;
  const words = ["--listen", listen, "--root", join(folder, "drivers"), "--publish", host.engine.pluginsFolder];
  const running = spawn(program, [...before, join(root, "outrigger"), "driver", "host", ...words], { env, stdio: "ignore" });
  const ended = once(running, "exit");
  try {
    for (let tries = 0; tries < 200 && !existsSync(join(folder, "host.sock")); tries += 1) await sleep(50);
    await outrigger("install", "macvlan-driver:1.0.0", "--alias", "lan-driver", "--grant-all-permissions", "--timeout", "60");
    await host.done(...by({ driver: "lan-driver" }, "--subnet", "10.9.0.0/24", "-o", "parent=uplink0", "lan"));
    await run(host, "one", "lan");
    await run(host, "two", "lan", "--ip", "10.9.0.20");
    assert.ok(await reaches(host, "one", "10.9.0.20"));
    await outrigger("disable", "lan-driver", "--force");
    await outrigger("enable", "lan-driver", "--timeout", "60");
    await remove(host, "lan", "one", "two");
  } finally {
    await outrigger("rm", "lan-driver", "--force");
    running.kill("SIGTERM");
    await ended;
  }
});

interface Task {
  readonly container: string;
  readonly address: string;
}

/** A service's containers on a host. */
async function tasks({ done }: NetworkHost, service: string): Promise<readonly Task[]> {
  const running = await done("ps", "--quiet", "--filter", `label=com.docker.swarm.service.name=${service}`);
  const format = '{{(index .NetworkSettings.Networks "lan").IPAddress}}';
  const containers = running.split("\n").filter(Boolean);
  return await Promise.all(containers.map(async (each) => ({ container: each, address: await done("inspect", "--format", format, each) })));
}

/** Waits until the hosts together run so many tasks of a service. @returns each host's */
async function running(hosts: readonly NetworkHost[], service: string, count: number): Promise<readonly (readonly Task[])[]> {
  for (let tries = 0; ; tries += 1) {
    const found = await Promise.all(hosts.map((host) => tasks(host, service)));
    if (found.flat().length === count) return found;
    assert.ok(tries < 120, JSON.stringify(found));
    await sleep(500);
  }
}

test("a swarm's services have one network over its machines, also after the manager has started anew", async (context) => {
  const between = ownSwitch(context);
  const hosts = [];
  for (const [letter, address] of [["a", "192.168.77.1/24"] as const, ["b", "192.168.77.2/24"] as const]) {
    const host = await networkHost(context, letter, between, { size: "500m" });
    host.ip("address", "add", address, "dev", "uplink0");
    hosts.push(host);
  }
  const [a, b] = hosts as [NetworkHost, NetworkHost];
  await installed(context, [a, b], "SCOPE=global");
  await a.done("swarm", "init", "--advertise-addr", "192.168.77.1");
  const token = await a.done("swarm", "join-token", "--quiet", "worker");
  await b.done("swarm", "join", "--token", token, "--advertise-addr", "192.168.77.2", "192.168.77.1:2377");

  await a.done(...by({ driver: "lan-driver:latest" }, "--scope", "swarm", "--subnet", "10.9.0.0/24", "-o", "parent=uplink0", "lan"));
  const service = ["--detach", "--endpoint-mode", "dnsrr", "--network", "lan", "--stop-grace-period", "0s"];
  await a.done("service", "create", ...service, "--mode", "global", "--name", "each", image, "busybox", "sleep", "3600");
  const [[one] = [], [two] = []] = await running([a, b], "each", 2);
  assert.ok(one !== undefined && two !== undefined);
  assert.ok(await reaches(a, one.container, two.address));
  assert.ok(await reaches(b, two.container, one.address));

  await a.engine.stop();
  await a.engine.start();
  for (let tries = 0; (await a.docker("node", "ls")).code !== 0 && tries < 100; tries += 1) await sleep(200);
  await a.done("service", "create", ...service, "--replicas", "3", "--name", "more", image, "busybox", "sleep", "3600");
  const all = [...(await running([a, b], "more", 3)), ...(await running([a, b], "each", 2))];
  const addresses = all.flat().map(({ address }) => address);
  assert.equal(new Set(addresses).size, 5, addresses.join(" "));
  for (const address of addresses) assert.ok(await reaches(b, two.container, address), address);
  for (const name of ["each", "more"]) await a.done("service", "rm", name);
  for (const name of ["each", "more"]) await running([a, b], name, 0);
});
