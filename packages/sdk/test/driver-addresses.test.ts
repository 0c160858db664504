import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { BlockList, isIPv6 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  type AddressPool,
  createPoolIpam,
  formatAddress,
  formatSubnet,
  freeSubnet,
  isTaken,
  newAddressPool,
  openStateFile,
  overlap,
  type Pools,
  parseAddress,
  parseSubnet,
  release,
  take,
  takeNext,
} from "@outrigger/sdk/driver";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import fc from "fast-check";

const v4 = fc.nat({ max: 2 ** 32 - 1 }).map((value) => ({ version: 4 as const, value: BigInt(value) }));
const v6 = fc.bigInt(0n, 2n ** 128n - 1n).map((value) => ({ version: 6 as const, value }));

test("an address that is written and read again is the same, in the form that Node's own reader agrees with", () => {
  fc.assert(
    fc.property(fc.oneof(v4, v6), (address) => {
      const text = formatAddress(address);
      assert.deepEqual(parseAddress(text), address);
      const list = new BlockList();
      list.addAddress(text, isIPv6(text) ? "ipv6" : "ipv4");
      assert.ok(list.check(text, isIPv6(text) ? "ipv6" : "ipv4"));
    }),
  );
  assert.equal(formatAddress(parseAddress("2001:0db8:0:0:1:0:0:1")), "2001:db8::1:0:0:1");
  assert.equal(formatAddress(parseAddress("0:0:0:0:0:0:0:0")), "::");
  assert.equal(formatAddress(parseAddress("1:0:2:3:4:5:6:7")), "1:0:2:3:4:5:6:7", "one zero alone is written (RFC 5952)");
  assert.equal(formatAddress(parseAddress("::ffff:10.1.2.3")), "::ffff:a01:203");
});

test("every address of any spelling is read as Node reads it", () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const list = new BlockList();
      list.addAddress(text, "ipv6");
      assert.ok(list.check(formatAddress(parseAddress(text)), "ipv6"), text);
    }),
  );
});

test("what is no address or subnet is refused", () => {
  for (const text of [
    "",
    "10.0.0.0",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.256/24",
    "fd00::/129",
    "10.0.0.0/24/8",
    "fe80::1%eth0/64",
    "x/8",
  ]) {
    assert.throws(() => parseSubnet(text), { code: "address-invalid" }, text);
  }
  assert.throws(() => newAddressPool("10.0.0.0/24", "10.0.1.0/24"), { code: "address-outside" });
  assert.throws(() => newAddressPool("10.0.0.0/24", "fd00::/64"), { code: "address-outside" });
  assert.throws(() => newAddressPool("10.0.0.0/24", "10.0.0.0/16"), { code: "address-outside" });
});

type Step = { readonly kind: "next" } | { readonly kind: "take" | "release"; readonly host: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.constant<Step>({ kind: "next" }),
    fc.record({ kind: fc.constantFrom("take" as const, "release" as const), host: fc.nat({ max: 40 }) }),
  ),
  { maxLength: 80 },
);

test("no address is given twice, all are of the pool, and released ones come back, beside a plain set that does the same", () => {
  fc.assert(
    fc.property(fc.constantFrom("10.9.8.0/28", "10.9.8.4/30", "10.9.8.0/31", "fd00::/124", "fd00::4/127"), steps, (subnet, work) => {
      const { first, last, version } = parseSubnet(subnet);
      const low = last - first < 2n ? first : first + 1n;
      const high = last - first < 2n || version === 6 ? last : last - 1n;
      const model = new Set<bigint>();
      let pool: AddressPool = newAddressPool(subnet);
      for (const step of work) {
        const asked = step.kind === "next" ? 0n : first + BigInt(step.host);
        const text = formatAddress({ version, value: asked });
        try {
          if (step.kind === "release") {
            pool = release(pool, text);
            model.delete(asked);
            continue;
          }
          const taken = step.kind === "next" ? takeNext(pool) : take(pool, text);
          pool = taken.pool;
          const given = parseAddress(taken.address).value;
          assert.ok(!model.has(given) && given >= low && given <= high && (step.kind === "next" || given === asked));
          assert.ok(taken.address.endsWith(`/${parseSubnet(subnet).length}`));
          model.add(given);
        } catch (error) {
          const { code } = error as { code?: string };
          const expected =
            step.kind === "next"
              ? BigInt(model.size) === high - low + 1n && "addresses-used-up"
              : asked < low || asked > high
                ? "address-outside"
                : model.has(asked) && "address-taken";
          assert.equal(code, expected);
        }
        pool = JSON.parse(JSON.stringify(pool)) as AddressPool;
        for (let value = low; value <= high; value += 1n) {
          assert.equal(isTaken(pool, formatAddress({ version, value })), model.has(value));
        }
        assert.ok(pool.taken.length <= model.size, "runs that touch are one");
      }
    }),
  );
});

test("an address that was released is the last to be taken again", () => {
  let pool = newAddressPool("10.0.0.0/29");
  const next = (): string => {
    const taken = takeNext(pool);
    pool = taken.pool;
    return taken.address;
  };
  assert.deepEqual([next(), next()], ["10.0.0.1/29", "10.0.0.2/29"]);
  pool = release(pool, "10.0.0.1");
  assert.deepEqual([next(), next(), next(), next(), next()], ["10.0.0.3/29", "10.0.0.4/29", "10.0.0.5/29", "10.0.0.6/29", "10.0.0.1/29"]);
});

test("addresses are chosen out of the range, and may be asked for outside of it", () => {
  let pool = newAddressPool("10.0.0.0/24", "10.0.0.128/25");
  const first = takeNext(pool);
  assert.equal(first.address, "10.0.0.128/24");
  pool = take(first.pool, "10.0.0.1").pool;
  assert.deepEqual(pool.taken, [
    ["10.0.0.1", "10.0.0.1"],
    ["10.0.0.128", "10.0.0.128"],
  ]);
});

test("a free subnet overlaps none of the others, and there is none only where they fill the base", () => {
  const base = parseSubnet("10.0.0.0/20");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 4095 }), fc.integer({ min: 21, max: 28 })), { maxLength: 12 }),
      fc.integer({ min: 21, max: 26 }),
      (list, length) => {
        const others = list.map(([host, size]) =>
          parseSubnet(`${formatAddress({ version: 4, value: base.first + BigInt(host) })}/${size}`),
        );
        const found = freeSubnet(base, length, others);
        const size = 1n << BigInt(32 - length);
        const candidates = Array.from({ length: Number((base.last - base.first + 1n) / size) }, (_, index) =>
          parseSubnet(`${formatAddress({ version: 4, value: base.first + BigInt(index) * size })}/${length}`),
        );
        const expected = candidates.find((candidate) => !others.some((other) => overlap(candidate, other)));
        assert.deepEqual(found, expected);
      },
    ),
  );
  assert.equal(freeSubnet(base, 16, []), undefined, "larger than the base");
});

test("an IPAM driver on pools: chosen and named pools, gateways, ranges, both versions, and all of it after a restart", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "driver-ipam-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const open = async (): Promise<Awaited<ReturnType<typeof testDriver>>> =>
    testDriver({ ipam: createPoolIpam({ file: await openStateFile<Pools>(join(folder, "pools.json"), {}) }) });
  const kit = await open();
  const pool = async (more: object): Promise<Readonly<Record<string, unknown>>> =>
    (await kit.call("IpamDriver.RequestPool", { AddressSpace: "LocalDefault", Pool: "", SubPool: "", Options: null, V6: false, ...more }))
      .answer;
  const address = async (PoolID: unknown, Address = "", by = kit): Promise<unknown> => {
    const { answer } = await by.call("IpamDriver.RequestAddress", { PoolID, Address, Options: null });
    return answer["Address"] ?? answer["Error"];
  };
  assert.deepEqual(await pool({}), { PoolID: "LocalDefault/10.200.0.0/24", Pool: "10.200.0.0/24", Data: {} });
  assert.equal((await pool({}))["Pool"], "10.200.1.0/24");
  assert.equal((await pool({ V6: true }))["Pool"], "fd00:6f75:7472::/64");
  const named = await pool({ Pool: "10.1.0.0/24", SubPool: "10.1.0.128/25" });
  assert.equal((await pool({ Pool: "10.1.0.0/24" }))["Error"], "the pool 10.1.0.0/24 is taken");
  assert.equal(await address(named["PoolID"]), "10.1.0.128/24");
  assert.equal(await address(named["PoolID"], "10.1.0.1"), "10.1.0.1/24");
  assert.equal(await address(named["PoolID"], "10.1.0.1"), "10.1.0.1 is taken.");
  assert.equal(await address("LocalDefault/fd00:6f75:7472::/64"), "fd00:6f75:7472::1/64");
  assert.equal(await address("__proto__"), "there is no pool __proto__");

  const again = await open();
  assert.equal(await address(named["PoolID"], "", again), "10.1.0.129/24");
  assert.equal((await again.call("IpamDriver.ReleaseAddress", { PoolID: named["PoolID"], Address: "10.1.0.1" })).error, undefined);
  assert.equal(await address(named["PoolID"], "10.1.0.1", again), "10.1.0.1/24");
  for (const _ of [1, 2]) assert.equal((await again.call("IpamDriver.ReleasePool", { PoolID: named["PoolID"] })).error, undefined);
});

test("two calls at once get two addresses", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "driver-ipam-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const kit = await testDriver({ ipam: createPoolIpam({ file: await openStateFile<Pools>(join(folder, "pools.json"), {}) }) });
  const { answer } = await kit.call("IpamDriver.RequestPool", { Pool: "10.2.0.0/24" });
  const asked = Array.from({ length: 50 }, () =>
    kit.call("IpamDriver.RequestAddress", { PoolID: answer["PoolID"], Address: "", Options: null }),
  );
  const given = (await Promise.all(asked)).map(({ answer: { Address } }) => Address);
  assert.equal(new Set(given).size, 50);
  assert.equal(formatSubnet(parseSubnet(String(given[0]))), "10.2.0.0/24");
});
