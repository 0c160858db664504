import type { DriverKind } from "./driver-kind.ts";

export const ipamKind: DriverKind = {
  description: "Gives networks their subnets and containers their addresses.",
  interface: "docker.ipamdriver/1.0",
  key: "ipam",
  lines: ["propagatedMount: /data"],
  items: [
    "{ name: BASE, default: 10.200.0.0/16, description: Where subnets come from that nobody chose }",
    "{ name: LENGTH, type: integer, min: 8, max: 30, default: 24, description: The length of each }",
  ],
  exported: "ourAddresses",
  call: 'await ourAddresses("/data/pools.json", process.env["BASE"] ?? "10.200.0.0/16", Number(process.env["LENGTH"] ?? 24))',
  driver: `import { createPoolIpam, type IpamDriver, openStateFile, type Pools } from "@outrigger/sdk/driver";

/** Subnets of \`base\`, each of the given length; what is taken stands in the file. */
export async function ourAddresses(file: string, base: string, length: number): Promise<IpamDriver> {
  const bases = { v4: { subnet: base, length }, v6: { subnet: "fd00:1::/48", length: 64 } };
  const pools = createPoolIpam({ file: await openStateFile<Pools>(file, {}), bases });
  return {
    ...pools,
    // Here is the place for rules of your own: who may have which address.
    requestAddress: (request, context) => pools.requestAddress(request, context),
  };
}
`,
  test: `import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import { ourAddresses } from "./driver.ts";

test("a network gets a subnet, a gateway and addresses, as an engine asks for them", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "addresses-"));
  context.after(() => rm(folder, { recursive: true }));
  const engine = await testDriver({ ipam: await ourAddresses(join(folder, "pools.json"), "10.7.0.0/16", 28) });
  const asked = { AddressSpace: "LocalDefault", Pool: "", SubPool: "", Options: null, V6: false };
  const { answer: pool } = await engine.call("IpamDriver.RequestPool", asked);
  assert.equal(pool["Pool"], "10.7.0.0/28");
  const gateway = { RequestAddressType: "com.docker.network.gateway" };
  const address = async (Address: string, Options: object | null) =>
    (await engine.call("IpamDriver.RequestAddress", { PoolID: pool["PoolID"], Address, Options })).answer;
  assert.equal((await address("", gateway))["Address"], "10.7.0.1/28");
  assert.equal((await address("", null))["Address"], "10.7.0.2/28");
  assert.match(String((await address("10.7.0.2", null))["Error"]), /taken/);
  assert.equal((await engine.call("IpamDriver.ReleasePool", { PoolID: pool["PoolID"] })).error, undefined);
});
`,
  tryIt: ["docker network create --ipam-driver NAME addressed", "docker network inspect --format '{{json .IPAM}}' addressed"],
};
