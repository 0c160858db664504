import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { IpProgram } from "../links/ip-program.ts";
import { creation, endpoint, id, ownHost } from "./own-host.ts";

const hostLinks = ["lo", "switch0", "uplink0"];
const internal = { "com.docker.network.internal": true };

/** An `ip` whose driver is gone before or after its call number `at`: nothing follows. */
function endingAt(at: number, when: "before" | "after", ended: () => void): (ip: IpProgram) => IpProgram {
  let calls = 0;
  const never = (): Promise<never> => {
    ended();
    return new Promise(() => {});
  };
  return (ip) => async (args) => {
    calls += 1;
    if (calls === at && when === "before") return await never();
    const outcome = await ip(args);
    return calls === at ? await never() : outcome;
  };
}

test("a driver that ends while it makes a network leaves nothing that the next one does not undo", async (context) => {
  const host = ownHost(context);
  for (const when of ["before", "after"] as const) {
    let whole = false;
    for (let at = 1; !whole; at += 1) {
      const { promise: ended, resolve } = Promise.withResolvers<"ended">();
      const { call } = await host.driver(endingAt(at, when, () => resolve("ended")));
      const outcome = await Promise.race([ended, call("NetworkDriver.CreateNetwork", creation(id(), {}, internal))]);
      whole = outcome !== "ended";
      if (whole) break;
      await host.driver();
      assert.deepEqual(host.links(), hostLinks, `${when} its call ${at}`);
      const { networks } = JSON.parse(readFileSync(join(host.folder, "networks.json"), "utf8")) as { networks: object };
      assert.deepEqual(networks, {});
      assert.ok(at < 20);
    }
    const { networks } = JSON.parse(readFileSync(join(host.folder, "networks.json"), "utf8")) as { networks: object };
    const last = await host.driver();
    for (const each of Object.keys(networks)) await last.call("NetworkDriver.DeleteNetwork", { NetworkID: each });
    assert.deepEqual(host.links(), hostLinks);
  }
});

test("a driver that starts anew knows its networks and containers, and removes a link that a lost join has left", async (context) => {
  const host = ownHost(context);
  const [network, one] = [id(), id()];
  const before = await host.driver();
  await before.call("NetworkDriver.CreateNetwork", creation(network, { parent: "uplink0" }));
  await before.call("NetworkDriver.CreateEndpoint", endpoint(network, one, "10.9.0.7/24"));
  const join = { NetworkID: network, EndpointID: one, SandboxKey: "/x", Options: {} };
  await before.call("NetworkDriver.Join", join);

  const after = await host.driver();
  assert.equal((await after.call("NetworkDriver.Join", join)).error, undefined);
  assert.equal((await after.call("NetworkDriver.CreateNetwork", creation(network, { parent: "uplink0" }))).error, undefined, "known");
  const other = await after.call("NetworkDriver.CreateNetwork", creation(network, { parent: "uplink0", mode: "vepa" }));
  assert.match(other.error ?? "", /is there, and is another/);
  await after.call("NetworkDriver.DeleteNetwork", { NetworkID: network });
  assert.deepEqual(host.links(), hostLinks, "a network's removal takes the links of its containers");
});

test("after the host has started anew, parents that the driver had made are made again", async (context) => {
  const host = ownHost(context);
  const [network, one] = [id(), id()];
  const { call } = await host.driver();
  await call("NetworkDriver.CreateNetwork", creation(network, {}, internal));
  host.ip("link", "delete", `mvp${network.slice(0, 12)}`);
  await call("NetworkDriver.CreateEndpoint", endpoint(network, one, "10.9.0.7/24"));
  const { error } = await call("NetworkDriver.Join", { NetworkID: network, EndpointID: one, SandboxKey: "/x", Options: {} });
  assert.equal(error, undefined);
  await call("NetworkDriver.DeleteNetwork", { NetworkID: network });
  assert.deepEqual(host.links(), hostLinks);
});

test("networks and containers of a lost state are refused with the way out, and a state that is none stops the driver", async (context) => {
  const host = ownHost(context);
  const { call } = await host.driver();
  const { error } = await call("NetworkDriver.CreateEndpoint", endpoint(id(), id(), "10.9.0.7/24"));
  assert.match(error ?? "", /is not known here: the driver's state was lost; remove the network and create it again/);
  for (const text of ["{", '{"version":2}', "[]"]) {
    writeFileSync(join(host.folder, "networks.json"), text);
    await assert.rejects(host.driver(), /networks\.json is no state of this driver/);
  }
});

test("many calls at once are done one after another", async (context) => {
  const host = ownHost(context);
  const { call } = await host.driver();
  const networks = Array.from({ length: 6 }, id);
  const made = await Promise.all(
    networks.map((each) => call("NetworkDriver.CreateNetwork", creation(each, { parent: "uplink0", mode: "passthru" }))),
  );
  assert.equal(made.filter(({ error }) => error === undefined).length, 1, "passthru takes its parent whole");
  await Promise.all(networks.map((each) => call("NetworkDriver.DeleteNetwork", { NetworkID: each })));
  assert.deepEqual(host.links(), hostLinks);
});
