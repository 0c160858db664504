import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { contains, openStateFile, parseAddress, parseSubnet } from "@outrigger/sdk/driver";
import { type DriverTest, testDriver } from "@outrigger/sdk/driver/test-kit";
import fc from "fast-check";
import { createMacvlanIpam, type Pools } from "../addresses/macvlan-ipam.ts";
import { macAddressOf } from "../network/mac-address.ts";
import { vlanOf } from "../network/settings.ts";
import { waysOf } from "../network/ways.ts";

const gatewayOptions = { RequestAddressType: "com.docker.network.gateway" };

function stateFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "macvlan-driver-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function ipamIn(folder: string): Promise<DriverTest["call"]> {
  return (await testDriver({ ipam: createMacvlanIpam(await openStateFile<Pools>(join(folder, "pools.json"), {})) })).call;
}

function poolRequest(pool: string, subPool = "", more: Record<string, unknown> = {}): unknown {
  return { AddressSpace: "macvlan-local", Pool: pool, SubPool: subPool, Options: null, V6: false, ...more };
}

test("a pool as an engine asks for it: gateway, other addresses, containers, and all of it again after a restart", async (context) => {
  const folder = stateFolder(context);
  const call = await ipamIn(folder);
  const made = await call("IpamDriver.RequestPool", poolRequest("10.9.0.0/24", "10.9.0.128/25"));
  assert.deepEqual(made.answer, { PoolID: "macvlan-local/10.9.0.0/24", Pool: "10.9.0.0/24", Data: {} });
  const ask = async (from: DriverTest["call"], address: string, options: unknown = null): Promise<unknown> => {
    const { answer, error } = await from("IpamDriver.RequestAddress", {
      PoolID: made.answer["PoolID"],
      Address: address,
      Options: options,
    });
    return error ?? answer["Address"];
  };
  assert.equal(await ask(call, "", gatewayOptions), "10.9.0.1/24", "the subnet's first, though the range is another");
  assert.equal(await ask(call, "10.9.0.5"), "10.9.0.5/24");
  assert.equal(await ask(call, ""), "10.9.0.128/24");
  const later = await ipamIn(folder);
  assert.equal(await ask(later, ""), "10.9.0.129/24");
  assert.match(String(await ask(later, "10.9.0.5")), /10\.9\.0\.5 is taken/);
  assert.match(String(await ask(later, "10.8.0.5")), /10\.8\.0\.5 is not in 10\.9\.0\.0\/24/);
  await later("IpamDriver.ReleaseAddress", { PoolID: made.answer["PoolID"], Address: "10.9.0.5" });
  assert.equal(await ask(later, "10.9.0.5"), "10.9.0.5/24");
  for (const _ of ["once", "again"]) {
    assert.equal((await later("IpamDriver.ReleasePool", { PoolID: made.answer["PoolID"] })).error, undefined);
  }
  assert.match(String(await ask(later, "")), /is not known here/);
});

test("pools don't overlap, whether they are given or chosen", async (context) => {
  const call = await ipamIn(stateFolder(context));
  assert.equal((await call("IpamDriver.RequestPool", poolRequest("10.200.0.0/23"))).error, undefined);
  const overlapping = await call("IpamDriver.RequestPool", poolRequest("10.200.1.0/24"));
  assert.match(overlapping.error ?? "", /10\.200\.1\.0\/24 overlaps 10\.200\.0\.0\/23, which another network has/);
  assert.match((await call("IpamDriver.RequestPool", poolRequest("10.200.0.0/23"))).error ?? "", /overlaps/);
  assert.equal((await call("IpamDriver.RequestPool", poolRequest(""))).answer["Pool"], "10.200.2.0/24");
  assert.equal((await call("IpamDriver.RequestPool", poolRequest("", "", { V6: true }))).answer["Pool"], "fd00:6d61:6376::/64");
  assert.match((await call("IpamDriver.RequestPool", poolRequest("", "10.200.3.0/25"))).error ?? "", /needs the subnet/);
  assert.match((await call("IpamDriver.RequestPool", poolRequest("10.1.0.0/24", "10.2.0.0/25"))).error ?? "", /10\.2\.0\.0\/25 is not in/);
});

test("a swarm's manager that begins anew may ask for everything again", async (context) => {
  const folder = stateFolder(context);
  const replayed = async (): Promise<readonly unknown[]> => {
    const call = await ipamIn(folder);
    const pool = await call("IpamDriver.RequestPool", poolRequest("10.9.0.0/24", "", { AddressSpace: "macvlan-global" }));
    const address = await call("IpamDriver.RequestAddress", { PoolID: pool.answer["PoolID"], Address: "10.9.0.9", Options: null });
    return [pool.answer, address.answer, pool.error ?? address.error];
  };
  assert.deepEqual(await replayed(), await replayed());
});

test("containers' addresses are of their pool, and of no other container", async (context) => {
  const call = await ipamIn(stateFolder(context));
  await call("IpamDriver.RequestPool", poolRequest("10.9.0.0/27"));
  const asked = await Promise.all(
    Array.from({ length: 31 }, () =>
      call("IpamDriver.RequestAddress", { PoolID: "macvlan-local/10.9.0.0/27", Address: "", Options: null }),
    ),
  );
  const given = asked.flatMap(({ answer, error }) => (error === undefined ? [String(answer["Address"])] : []));
  assert.equal(new Set(given).size, 30);
  for (const address of given) assert.ok(contains(parseSubnet("10.9.0.0/27"), parseAddress(address)));
  assert.match(asked.at(-1)?.error ?? "", /has no free address/);
});

test("hardware addresses are six bytes, locally administered, of one station, and as different as the addresses", () => {
  const addresses = fc.uniqueArray(fc.ipV4(), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(addresses, (list) => {
      const macs = list.map((address) => macAddressOf(`${address}/24`, undefined, "x"));
      for (const mac of macs) assert.match(mac, /^02:42(:[0-9a-f]{2}){4}$/);
      assert.equal(new Set(macs).size, list.length);
    }),
  );
  assert.equal(macAddressOf(undefined, "fd00::7/64", "x"), macAddressOf(undefined, "fd00::7/64", "y"));
  assert.notEqual(macAddressOf(undefined, undefined, "x"), macAddressOf(undefined, undefined, "y"));
});

test("a container's ways: its own pools' gateways, the network's other pools on the link, no gateway without a parent", () => {
  const pools = [
    { pool: "10.9.0.0/24", gateway: "10.9.0.1/24" },
    { pool: "10.9.1.0/24", gateway: "10.9.1.1/24" },
    { pool: "fd00::/64", gateway: "fd00::1/64" },
    { pool: "fd01::/64" },
  ];
  const [address, addressIPv6] = ["10.9.1.7/24", "fd00::7/64"];
  const onLink = [{ destination: "10.9.0.0/24" }, { destination: "fd01::/64" }];
  assert.deepEqual(waysOf({ pools, parent: "eth0" }, { address, addressIPv6 }), {
    gateway: "10.9.1.1",
    gatewayIPv6: "fd00::1",
    staticRoutes: onLink,
  });
  assert.deepEqual(waysOf({ pools }, { address, addressIPv6 }), { staticRoutes: onLink });
  assert.deepEqual(waysOf({ pools, parent: "eth0" }, {}), { staticRoutes: [] });
});

test("a VLAN's name is its parent's with the id behind a dot", () => {
  assert.deepEqual(vlanOf("eth0.20"), { parent: "eth0", id: 20 });
  assert.deepEqual(vlanOf("bond0.7.4094"), { parent: "bond0.7", id: 4094 });
  for (const name of ["eth0", "eth0.0", "eth0.020", "eth0.4095", ".20", "eth0.", "eth0.2a"]) assert.equal(vlanOf(name), undefined, name);
});
