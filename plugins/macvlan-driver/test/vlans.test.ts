import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpProgram } from "../links/ip-program.ts";
import { creation, id, ownHost } from "./own-host.ts";

const hostLinks = ["lo", "switch0", "uplink0"];

/** VLANs where the kernel has none: a veth pair's end takes the VLAN's name. All else is the real `ip`. */
function vlansAsVeth(made: (args: readonly string[]) => void): (ip: IpProgram) => IpProgram {
  return (ip) => (args) => {
    const name = args[args.indexOf("name") + 1] ?? "";
    if (!args.includes("vlan")) return ip(args);
    made(args);
    return ip(["link", "add", name, "type", "veth", "peer", "name", "vlan-peer0"]);
  };
}

test("a VLAN is made with the first network on it, and removed with the last", async (context) => {
  const host = ownHost(context);
  const commands: (readonly string[])[] = [];
  const { call } = await host.driver(vlansAsVeth((args) => commands.push(args)));
  host.ip("link", "add", "vlan-switch0", "type", "bridge");
  const before = host.links();
  const [one, two] = [id(), id()];
  // The other end is down, so that the VLAN itself has to be brought up.
  assert.equal((await call("NetworkDriver.CreateNetwork", creation(one, { parent: "uplink0.20" }))).error, undefined);
  assert.deepEqual(commands, [["link", "add", "link", "uplink0", "name", "uplink0.20", "type", "vlan", "id", "20"]]);
  assert.equal((await call("NetworkDriver.CreateNetwork", creation(two, { parent: "uplink0.20", mode: "vepa" }))).error, undefined);
  assert.equal(commands.length, 1);
  await call("NetworkDriver.DeleteNetwork", { NetworkID: one });
  assert.ok(host.links().includes("uplink0.20"), "another network is on it");

  const later = await host.driver();
  await later.call("NetworkDriver.DeleteNetwork", { NetworkID: two });
  assert.deepEqual(host.links(), before);
});

test("a VLAN that was there stays", async (context) => {
  const host = ownHost(context);
  host.ip("link", "add", "uplink0.20", "type", "veth", "peer", "name", "other0");
  host.ip("link", "set", "uplink0.20", "up");
  const { call } = await host.driver(vlansAsVeth(() => assert.fail("it is there")));
  const network = id();
  assert.equal((await call("NetworkDriver.CreateNetwork", creation(network, { parent: "uplink0.20" }))).error, undefined);
  await call("NetworkDriver.DeleteNetwork", { NetworkID: network });
  assert.ok(host.links().includes("uplink0.20"));
});

test("a VLAN that can't be made is named, and leaves nothing behind", async (context) => {
  const host = ownHost(context);
  const refuse =
    (ip: IpProgram): IpProgram =>
    (args) =>
      args.includes("vlan") ? Promise.resolve({ ok: false, reason: "Unknown device type." }) : ip(args);
  const { call } = await host.driver(refuse);
  const { error } = await call("NetworkDriver.CreateNetwork", creation(id(), { parent: "uplink0.20" }));
  assert.match(error ?? "", /the VLAN uplink0\.20 can't be made on uplink0: Unknown device type\./);
  assert.deepEqual(host.links(), hostLinks);
});
