import type { DriverKind } from "./driver-kind.ts";

export const networkKind: DriverKind = {
  description: "Networks whose containers have loopback only.",
  interface: "docker.networkdriver/1.0",
  key: "network",
  lines: ["network: host", "capabilities: [CAP_NET_ADMIN]", "propagatedMount: /data"],
  items: ["{ name: MOST, type: integer, min: 1, default: 100, description: How many endpoints a network may have }"],
  exported: "closedNetworks",
  call: 'await closedNetworks("/data/networks.json", Number(process.env["MOST"] ?? 100))',
  driver: `import { driverError, type NetworkDriver, openStateFile } from "@outrigger/sdk/driver";

/** The endpoints of each network, with their addresses. */
type Networks = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Networks without links: whoever joins has loopback only. To connect containers, make a link in \`createEndpoint\`,
 * name it in what \`join\` answers, and delete it in \`deleteEndpoint\`.
 */
export async function closedNetworks(file: string, most: number): Promise<NetworkDriver> {
  const networks = await openStateFile<Networks>(file, {});
  return {
    scope: "local",
    async createNetwork({ networkId }, { log }) {
      await networks.update((all) => ({ ...all, [networkId]: all[networkId] ?? {} }));
      log.info("created", { network: networkId });
    },
    async deleteNetwork({ networkId }) {
      await networks.update(({ [networkId]: _, ...others }) => others);
    },
    async createEndpoint({ networkId, endpointId, interface: given }) {
      await networks.update((all) => {
        const endpoints = all[networkId];
        if (endpoints === undefined) throw driverError(\`there is no network \${networkId}\`);
        if (Object.keys(endpoints).length >= most) throw driverError(\`the network has \${most} endpoints already\`);
        return { ...all, [networkId]: { ...endpoints, [endpointId]: given.address ?? "" } };
      });
      return undefined;
    },
    async deleteEndpoint({ networkId, endpointId }) {
      await networks.update((all) => {
        const { [endpointId]: _, ...others } = all[networkId] ?? {};
        return { ...all, [networkId]: others };
      });
    },
    endpointInfo: ({ networkId, endpointId }) => ({ address: networks.state[networkId]?.[endpointId] ?? "" }),
    // Without it, the engine would give the container a way out of its own.
    join: () => ({ disableGatewayService: true }),
    leave: () => undefined,
  };
}
`,
  test: `import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import { closedNetworks } from "./driver.ts";

test("a container joins and leaves a network, as an engine asks for it", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "networks-"));
  context.after(() => rm(folder, { recursive: true }));
  const engine = await testDriver({ network: await closedNetworks(join(folder, "networks.json"), 1) });
  const ipv4 = [{ AddressSpace: "LocalDefault", Pool: "10.1.0.0/24", Gateway: "10.1.0.1/24", AuxAddresses: null }];
  const created = await engine.call("NetworkDriver.CreateNetwork", { NetworkID: "n", Options: {}, IPv4Data: ipv4, IPv6Data: [] });
  assert.equal(created.error, undefined);
  const endpoint = { NetworkID: "n", EndpointID: "e", Interface: { Address: "10.1.0.2/24", AddressIPv6: "", MacAddress: "" }, Options: null };
  assert.deepEqual((await engine.call("NetworkDriver.CreateEndpoint", endpoint)).answer, {});
  assert.match((await engine.call("NetworkDriver.CreateEndpoint", { ...endpoint, EndpointID: "f" })).error ?? "", /1 endpoints already/);
  const joined = await engine.call("NetworkDriver.Join", { NetworkID: "n", EndpointID: "e", SandboxKey: "/netns/1", Options: null });
  assert.deepEqual(joined.answer, { DisableGatewayService: true });
  const info = await engine.call("NetworkDriver.EndpointOperInfo", { NetworkID: "n", EndpointID: "e" });
  assert.deepEqual(info.answer, { Value: { address: "10.1.0.2/24" } });
  for (const method of ["Leave", "DeleteEndpoint"]) {
    assert.equal((await engine.call(\`NetworkDriver.\${method}\`, { NetworkID: "n", EndpointID: "e" })).error, undefined);
  }
  assert.equal((await engine.call("NetworkDriver.DeleteNetwork", { NetworkID: "n" })).error, undefined);
});
`,
  tryIt: ["docker network create --driver NAME closed", "docker run --rm --network closed debian:bookworm-slim cat /proc/net/dev"],
};
