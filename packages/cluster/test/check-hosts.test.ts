import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHosts, type HostConnection, type HostConnections, type HostFacts } from "../src/index.ts";
import { host } from "./plan-support.ts";

const usual: HostFacts = {
  hostname: "one",
  architecture: "amd64",
  system: "debian 12",
  kernel: "6.1",
  bash: true,
  root: true,
  freeBytes: 10 * 2 ** 30,
  clusters: [],
  memoryBytes: 2 ** 30,
  clockOffset: 0,
};

/** Hosts that say this of themselves; real ones can't be asked for another architecture or clock. */
function saying(facts: Readonly<Record<string, Partial<HostFacts>>>): HostConnections {
  return {
    get: async (ip) => {
      const known = facts[ip];
      if (known === undefined) throw new TypeError("connection refused");
      return { host: host(ip), facts: async () => ({ ...usual, hostname: ip, ...known }) } as HostConnection;
    },
    close: async () => {},
  };
}

test("what refuses and what surprises is told for each host, and one that can't be reached hides no other", async () => {
  const facts = {
    a: {},
    b: { architecture: "arm64", bash: false },
    c: { hostname: "twin", freeBytes: 100 * 2 ** 20, clockOffset: -90_000 },
    d: { hostname: "twin", clusters: ["test", "other"] },
  };
  const found = await checkHosts("test", ["a", "b", "c", "d", "e"], [{ os: "linux", architecture: "amd64" }], saying(facts));
  assert.deepEqual(
    found.map(({ ip, refusals, warnings }) => [ip, refusals, warnings]),
    [
      ["a", [], []],
      ["b", ["It has no bash.", "It is arm64; the image is for amd64."], []],
      ["c", [], ["d has the name twin, too.", "It has 100 MiB of room under /var/lib.", "Its clock is 90 s behind."]],
      ["d", ["It has files of the cluster other."], ["c has the name twin, too."]],
      ["e", ["connection refused"], []],
    ],
  );
});
