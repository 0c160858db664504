import assert from "node:assert/strict";
import { test } from "node:test";
import { creation, endpoint, id, ownHost } from "./own-host.ts";

const hostLinks = ["lo", "switch0", "uplink0"];

test("a network's whole life: what is made on the host, what the engine is told, and that nothing is left", async (context) => {
  const host = ownHost(context);
  const { call } = await host.driver();
  const [network, one] = [id(), id()];
  const join = { NetworkID: network, EndpointID: one, SandboxKey: "/var/run/docker/netns/x", Options: {} };
  assert.deepEqual(await call("NetworkDriver.GetCapabilities"), { status: 200, answer: { Scope: "local", GwAllocChecker: true } });
  assert.equal((await call("NetworkDriver.CreateNetwork", creation(network, { parent: "uplink0", mtu: "1400" }))).error, undefined);
  assert.deepEqual(host.links(), hostLinks, "the link that tried it is gone");

  const created = await call("NetworkDriver.CreateEndpoint", endpoint(network, one, "10.9.0.7/24"));
  assert.deepEqual(created.answer, { Interface: { Address: "", AddressIPv6: "", MacAddress: "02:42:0a:09:00:07" } });
  const joined = await call("NetworkDriver.Join", join);
  const link = `mv-${one.slice(0, 12)}`;
  assert.deepEqual(joined.answer, {
    InterfaceName: { SrcName: link, DstPrefix: "eth" },
    Gateway: "10.9.0.1",
    StaticRoutes: [],
    DisableGatewayService: true,
  });
  const shown = host.ip("-details", "link", "show", link);
  assert.match(shown, /macvlan mode bridge/);
  assert.match(shown, /mtu 1400/);
  assert.match(shown, /02:42:0a:09:00:07/);
  assert.deepEqual((await call("NetworkDriver.Join", join)).answer, joined.answer, "a repeated call has the same answer");

  assert.equal((await call("NetworkDriver.Leave", { NetworkID: network, EndpointID: one })).error, undefined);
  for (const _ of ["once", "again"]) {
    assert.equal((await call("NetworkDriver.DeleteEndpoint", { NetworkID: network, EndpointID: one })).error, undefined);
    assert.deepEqual(host.links(), hostLinks);
  }
  for (const _ of ["once", "again"]) assert.equal((await call("NetworkDriver.DeleteNetwork", { NetworkID: network })).error, undefined);
});

test("each mode is what the kernel makes of it", async (context) => {
  const host = ownHost(context);
  const { call } = await host.driver();
  for (const mode of ["bridge", "private", "vepa", "passthru"]) {
    const [network, one] = [id(), id()];
    assert.equal((await call("NetworkDriver.CreateNetwork", creation(network, { parent: "uplink0", mode }))).error, undefined, mode);
    await call("NetworkDriver.CreateEndpoint", endpoint(network, one, "10.9.0.7/24"));
    const { error } = await call("NetworkDriver.Join", { NetworkID: network, EndpointID: one, SandboxKey: "/x", Options: {} });
    assert.equal(error, undefined, mode);
    assert.match(host.ip("-details", "link", "show", `mv-${one.slice(0, 12)}`), new RegExp(`macvlan mode ${mode}`));
    await call("NetworkDriver.DeleteEndpoint", { NetworkID: network, EndpointID: one });
    await call("NetworkDriver.DeleteNetwork", { NetworkID: network });
  }
  assert.deepEqual(host.links(), hostLinks);
});

test("a passthru network takes its parent whole, and its container has the parent's hardware address", async (context) => {
  const host = ownHost(context);
  const { call } = await host.driver();
  const [network, other, shared, one] = [id(), id(), id(), id()];
  const parent = "uplink0";
  assert.equal((await call("NetworkDriver.CreateNetwork", creation(shared, { parent }))).error, undefined);
  const taken = await call("NetworkDriver.CreateNetwork", creation(network, { parent, mode: "passthru" }));
  assert.match(taken.error ?? "", new RegExp(`uplink0 is used by the network ${shared.slice(0, 12)}`));
  assert.equal((await call("NetworkDriver.CreateNetwork", creation(other, { parent, mode: "vepa" }))).error, undefined, "others share");
  for (const each of [shared, other]) await call("NetworkDriver.DeleteNetwork", { NetworkID: each });

  assert.equal((await call("NetworkDriver.CreateNetwork", creation(network, { parent, mode: "passthru" }))).error, undefined);
  assert.match((await call("NetworkDriver.CreateNetwork", creation(shared, { parent }))).error ?? "", /needs a parent of its own/);
  const [{ address }] = JSON.parse(host.ip("-json", "link", "show", "uplink0")) as [{ address: string }];
  const first = await call("NetworkDriver.CreateEndpoint", endpoint(network, one, "10.9.0.7/24"));
  assert.deepEqual(first.answer, { Interface: { Address: "", AddressIPv6: "", MacAddress: address } });
  const second = await call("NetworkDriver.CreateEndpoint", endpoint(network, id(), "10.9.0.8/24", "02:42:0a:09:00:63"));
  assert.match(second.error ?? "", /has one container/);
});

test("an internal network stands on a parent that leads nowhere, made and removed with it", async (context) => {
  const host = ownHost(context);
  const { call } = await host.driver();
  const [network, one] = [id(), id()];
  const internal = { "com.docker.network.internal": true };
  assert.equal((await call("NetworkDriver.CreateNetwork", creation(network, { mtu: "9000" }, internal))).error, undefined);
  assert.deepEqual(host.links(), ["lo", `mvp${network.slice(0, 12)}`, "switch0", "uplink0"]);
  await call("NetworkDriver.CreateEndpoint", endpoint(network, one, "10.9.0.7/24"));
  const { answer } = await call("NetworkDriver.Join", { NetworkID: network, EndpointID: one, SandboxKey: "/x", Options: {} });
  assert.deepEqual([answer["Gateway"], answer["DisableGatewayService"]], [undefined, true]);
  await call("NetworkDriver.DeleteEndpoint", { NetworkID: network, EndpointID: one });
  await call("NetworkDriver.DeleteNetwork", { NetworkID: network });
  assert.deepEqual(host.links(), hostLinks);
  const skipped = await call("NetworkDriver.GwAllocCheck", { Options: internal });
  assert.deepEqual(skipped.answer, { SkipIPv4: true, SkipIPv6: true });
});

test("what is wrong with a network is said in words, and leaves nothing behind", async (context) => {
  const host = ownHost(context);
  const { call } = await host.driver();
  host.ip("link", "add", "down0", "type", "veth", "peer", "name", "down1");
  host.ip("link", "add", "ports0", "type", "bridge");
  host.ip("link", "set", "down1", "master", "ports0", "up");
  const before = host.links();
  const internal = { "com.docker.network.internal": true };
  const cases: readonly (readonly [Readonly<Record<string, string>> | null, RegExp, Record<string, unknown>?])[] = [
    [null, /no parent is given: add e\.g\. `-o parent=eth0`/],
    [{ parnt: "uplink0" }, /there is no option parnt; there are: parent, mode, mtu/],
    [{ parent: "uplink0", mode: "bridged" }, /mode is "bridged", where one of bridge, private, vepa, passthru/],
    [{ parent: "uplink0", mtu: "67" }, /mtu is "67", where bytes from 68 to 65535/],
    [{ parent: "uplink0", mtu: "9000" }, /mtu is 9000, and the parent uplink0 carries no more than 1500/],
    [{ parent: "uplink0", mtu: "1400 " }, /mtu is "1400 "/],
    [{ parent: "nowhere0" }, /the parent nowhere0 is not there/],
    [{ parent: "nowhere0.20" }, /the parent nowhere0\.20 is not there/],
    [{ parent: "uplink0.4095" }, /the parent uplink0\.4095 is not there/],
    [{ parent: "lo" }, /the parent lo carries no Ethernet frames/],
    [{ parent: "down0" }, /the parent down0 is down/],
    [{ parent: "down1" }, /can't be made on down1: Device or resource busy/],
    [{ parent: "--help" }, /parent is "--help", where the name of a link/],
    [{ parent: "a b" }, /parent is "a b"/],
    [{ parent: "uplink0" }, /internal network has no way out/, internal],
  ];
  for (const [options, expected, more] of cases) {
    const { error } = await call("NetworkDriver.CreateNetwork", creation(id(), options, more));
    assert.match(error ?? "no error", expected, JSON.stringify(options));
  }
  assert.deepEqual(host.links(), before);
  const next = await host.driver();
  assert.equal((await next.call("NetworkDriver.CreateNetwork", creation(id(), { parent: "uplink0", mode: "passthru" }))).error, undefined);
});

test("hardware addresses: given ones are kept, and no two containers on one parent have the same", async (context) => {
  const host = ownHost(context);
  const { call } = await host.driver();
  const [network, beside, one] = [id(), id(), id()];
  for (const each of [network, beside]) await call("NetworkDriver.CreateNetwork", creation(each, { parent: "uplink0" }));
  const mac = "02:00:5E:00:53:01";
  assert.deepEqual((await call("NetworkDriver.CreateEndpoint", endpoint(network, one, "10.9.0.7/24", mac))).answer, {});
  const again = await call("NetworkDriver.CreateEndpoint", endpoint(network, one, "10.9.0.7/24", mac));
  assert.equal(again.error, undefined, "the same endpoint again");
  await call("NetworkDriver.Join", { NetworkID: network, EndpointID: one, SandboxKey: "/x", Options: {} });
  assert.match(host.ip("link", "show", `mv-${one.slice(0, 12)}`), /02:00:5e:00:53:01/);
  const other = await call("NetworkDriver.CreateEndpoint", endpoint(beside, id(), "10.9.0.8/24", mac.toLowerCase()));
  assert.match(other.error ?? "", /taken by another container on uplink0/);
});
