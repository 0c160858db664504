import type { Check } from "../../check.ts";
import { liesIn } from "./cidr.ts";
import { endpointOptions, gatewayOptions, requestedAddress, requestedPool, someNetwork } from "./pools.ts";

const together = 8;

export const ipamChecks: readonly Check[] = [
  {
    id: "ipam.capabilities",
    level: "SHOULD",
    title: "GetCapabilities answers booleans.",
    because: "Any failure is taken for a driver that requires nothing (all versions).",
    mend: 'Answer {"RequiresMACAddress":false,"RequiresRequestReplay":false}.',
    run: async (probe) => {
      const answer = await probe.succeed("IpamDriver.GetCapabilities");
      for (const key of ["RequiresMACAddress", "RequiresRequestReplay"]) {
        const value = answer.get(key);
        probe.expect(value === undefined || typeof value === "boolean", `${key} to be a boolean`, `it is ${JSON.stringify(value)}`);
      }
    },
  },
  {
    id: "ipam.address-spaces",
    level: "MUST",
    title: "GetDefaultAddressSpaces names a local and a global address space.",
    because: "Asked when the driver is registered; without an answer it can't be used (all versions).",
    mend: 'Answer {"LocalDefaultAddressSpace":"local","GlobalDefaultAddressSpace":"global"}.',
    run: async (probe) => {
      const answer = await probe.succeed("IpamDriver.GetDefaultAddressSpaces");
      for (const key of ["LocalDefaultAddressSpace", "GlobalDefaultAddressSpace"])
        probe.expect(probe.text(answer, key) !== "", `a ${key}`, "there is none");
    },
  },
  {
    id: "ipam.pool",
    level: "MUST",
    title: "RequestPool gives the network that was asked for, with an id.",
    because: "`docker network create --subnet` names it, and every later call names the id (all versions).",
    mend: 'Answer {"PoolID":"p1","Pool":"198.18.5.0/24","Data":{}}.',
    run: async (probe) => {
      const wanted = someNetwork();
      const { text } = await requestedPool(probe, wanted);
      probe.expect(text === wanted, `Pool to be ${wanted}`, `it is ${text}`);
    },
  },
  {
    id: "ipam.pool-any",
    level: "SHOULD",
    title: 'RequestPool with "Pool":"" gives a network of the driver\'s choice, and another one the next time.',
    because: "`docker network create` without --subnet; the engine asks again while pools overlap, and holds those it has (all versions).",
    mend: "Choose a network that is not handed out.",
    run: async (probe) => {
      const [first, second] = [await requestedPool(probe, ""), await requestedPool(probe, "")];
      const apart = !liesIn(first.pool.address, second.pool) && !liesIn(second.pool.address, first.pool);
      probe.expect(apart, "two networks that don't overlap", `they are ${first.text} and ${second.text}`);
    },
  },
  {
    id: "ipam.lifecycle",
    level: "MUST",
    title:
      "Pool, gateway, auxiliary address and endpoint are handed out, and released in the engine's order: endpoint, gateway, auxiliary, pool.",
    because: "This is the life of a network with addresses of its own (recorded from 20.10).",
    mend: "See what was sent last. Gateway and auxiliary addresses are asked for by name, an endpoint's with an empty Address.",
    needs: "ipam.pool",
    run: async (probe) => {
      const pool = await requestedPool(probe);
      const base = pool.pool.address.replace(/\.0$/, "");
      await requestedAddress(probe, pool, `${base}.1`, gatewayOptions);
      await requestedAddress(probe, pool, `${base}.9`, null);
      const endpoint = await requestedAddress(probe, pool, "", await endpointOptions(probe));
      for (const address of [endpoint.address, `${base}.1`, `${base}.9`])
        await probe.succeed("IpamDriver.ReleaseAddress", { PoolID: pool.id, Address: address });
      await probe.succeed("IpamDriver.ReleasePool", { PoolID: pool.id });
    },
  },
  {
    id: "ipam.gateway",
    level: "MUST",
    title: "A gateway of the driver's choice lies in the pool and has its length.",
    because: "Without --gateway the engine asks for one with an empty Address (all versions).",
    mend: "Answer the address with the pool's length: 198.18.5.1/24.",
    needs: "ipam.pool",
    run: async (probe) => {
      const pool = await requestedPool(probe);
      const gateway = await requestedAddress(probe, pool, "", gatewayOptions);
      const right = liesIn(gateway.address, pool.pool) && gateway.length === pool.pool.length;
      probe.expect(right, `an address in ${pool.text} with its length`, `it is ${gateway.address}/${gateway.length}`);
    },
  },
  {
    id: "ipam.address-in-pool",
    level: "MUST",
    title: "An endpoint's address lies in the pool and has its length.",
    because: "The engine sets it on the container's interface as it is (all versions).",
    mend: "Answer the address with the pool's length: 198.18.5.2/24.",
    needs: "ipam.pool",
    run: async (probe) => {
      const pool = await requestedPool(probe);
      const { address, length } = await requestedAddress(probe, pool, "", await endpointOptions(probe));
      probe.expect(
        liesIn(address, pool.pool) && length === pool.pool.length,
        `an address in ${pool.text} with its length`,
        `it is ${address}/${length}`,
      );
    },
  },
  {
    id: "ipam.address-wanted",
    level: "MUST",
    title: "An address that is asked for by name is given, and to nobody else while it is held.",
    because: "`docker run --ip`, gateways and auxiliary addresses are asked for by name (all versions).",
    mend: "Answer Error for an address that is taken.",
    needs: "ipam.pool",
    run: async (probe) => {
      const pool = await requestedPool(probe);
      const wanted = pool.pool.address.replace(/\.0$/, ".77");
      const options = await endpointOptions(probe);
      const given = await requestedAddress(probe, pool, wanted, options);
      probe.expect(given.address === wanted, wanted, given.address);
      await probe.refuse("IpamDriver.RequestAddress", { PoolID: pool.id, Address: wanted, Options: options }, "the address is held");
    },
  },
  {
    id: "ipam.addresses-same-time",
    level: "MUST",
    title: `${together} addresses that are asked for at the same time are different.`,
    because: "Containers start in parallel; the engine does not compare what it gets (all versions).",
    mend: "Hand addresses out one after the other.",
    needs: "ipam.pool",
    run: async (probe) => {
      const pool = await requestedPool(probe);
      const options = await endpointOptions(probe);
      const given = await Promise.all(Array.from({ length: together }, () => requestedAddress(probe, pool, "", options)));
      probe.expect(
        new Set(given.map(({ address }) => address)).size === together,
        `${together} addresses`,
        given.map(({ address }) => address).join(", "),
      );
    },
  },
  {
    id: "ipam.release",
    level: "MUST",
    title: "A released address and a released pool can be had again.",
    because:
      "Addresses that don't come back run out; a pool that does not come back stops the next `docker network create` with this subnet (all versions).",
    mend: "Free what is released.",
    needs: "ipam.pool",
    run: async (probe) => {
      const pool = await requestedPool(probe);
      const wanted = pool.pool.address.replace(/\.0$/, ".77");
      for (const _ of [1, 2]) {
        await requestedAddress(probe, pool, wanted, null);
        await probe.succeed("IpamDriver.ReleaseAddress", { PoolID: pool.id, Address: wanted });
      }
      await probe.succeed("IpamDriver.ReleasePool", { PoolID: pool.id });
      await requestedPool(probe, pool.text);
    },
  },
  {
    id: "ipam.sub-pool",
    level: "SHOULD",
    title: "With a SubPool, addresses come from it, or it is refused.",
    because: "`docker network create --ip-range` names it (all versions).",
    mend: "Hand out addresses of the SubPool alone, or answer Error.",
    needs: "ipam.pool",
    run: async (probe) => {
      const network = someNetwork();
      const range = network.replace("0/24", "128/25");
      const spaces = await probe.succeed("IpamDriver.GetDefaultAddressSpaces");
      const args = { AddressSpace: probe.text(spaces, "LocalDefaultAddressSpace"), Pool: network, SubPool: range, Options: {}, V6: false };
      const { error, value } = probe.verdict(await probe.ask("IpamDriver.RequestPool", args));
      if (error !== undefined) return;
      const id = probe.text(value, "PoolID");
      probe.tidy("IpamDriver.ReleasePool", { PoolID: id });
      const pool = { id, pool: { address: network.slice(0, -3), length: 24 }, text: network };
      const { address } = await requestedAddress(probe, pool, "", await endpointOptions(probe));
      probe.expect(liesIn(address, { address: range.slice(0, -3), length: 25 }), `an address in ${range}`, address);
    },
  },
  {
    id: "ipam.error-key",
    level: "MUST",
    title: "An error with status 200 stands under the key Error.",
    because: "IPAM's key is Error, not Err: under Err the engine does not see it, and goes on with an empty pool (all versions).",
    mend: 'Answer {"Error":"no such network"}.',
    needs: "ipam.pool",
    run: async (probe) => {
      const pool = await requestedPool(probe);
      const unknown = probe.name("pool");
      const wrong = [
        {
          method: "RequestPool",
          args: { AddressSpace: "", Pool: "no-network", SubPool: "", Options: {}, V6: false },
          what: "the pool is no network",
        },
        {
          method: "RequestAddress",
          args: { PoolID: pool.id, Address: "203.0.113.1", Options: null },
          what: "the address is not in the pool",
        },
        { method: "RequestAddress", args: { PoolID: unknown, Address: "", Options: null }, what: "the pool does not exist" },
      ];
      for (const { method, args, what } of wrong) {
        const exchange = await probe.ask(`IpamDriver.${method}`, args);
        const { value } = probe.verdict(exchange);
        const misplaced = exchange.answer?.head.status === 200 && value.get("Err") !== undefined && value.get("Err") !== "";
        probe.expect(!misplaced, `Error, since ${what}`, "the error stands under Err", exchange);
        const [id, address] = [value.get("PoolID"), value.get("Address")];
        if (typeof id === "string" && id !== "") probe.tidy("IpamDriver.ReleasePool", { PoolID: id });
        if (typeof address === "string") probe.tidy("IpamDriver.ReleaseAddress", { PoolID: pool.id, Address: address.split("/")[0] });
      }
    },
  },
  {
    id: "ipam.unknown-ids",
    level: "MUST",
    title: "Releasing a pool or an address that the driver does not know is answered; requesting from such a pool is an error.",
    because: "After a crash the engine releases what stands in its own records (all versions).",
    mend: "Answer {} or Error to a release.",
    run: async (probe) => {
      const PoolID = probe.name("pool");
      await probe.ask("IpamDriver.ReleaseAddress", { PoolID, Address: "198.18.0.9" });
      await probe.ask("IpamDriver.ReleasePool", { PoolID });
      await probe.refuse("IpamDriver.RequestAddress", { PoolID, Address: "", Options: null }, "the pool does not exist");
    },
  },
  {
    id: "ipam.retry-empty-body",
    level: "MUST",
    title: "RequestAddress without a body is an error.",
    because: "When a kept connection breaks, the engine sends the request again with Content-Length: 0 (20.10 to 29).",
    mend: "Refuse a call that lacks its arguments.",
    run: async (probe) => {
      await probe.refuse("IpamDriver.RequestAddress", undefined, "it names no pool");
    },
  },
];
