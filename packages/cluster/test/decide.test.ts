import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Cluster,
  type CurrentCluster,
  clusterChanges,
  type DecidedOperation,
  decide,
  formatChanges,
  type Host,
  type WantedCluster,
} from "../src/index.ts";
import { cluster, host, plugin } from "./plan-support.ts";

const one = "sha256:1";

function current(fields: Partial<Cluster> = {}): CurrentCluster {
  return { cluster: cluster(fields), imageDigest: one, applications: [] };
}

function wanted(fields: Partial<Cluster> = {}, more: Partial<WantedCluster> = {}): WantedCluster {
  return { cluster: cluster(fields), imageDigest: one, imageKind: "cluster", ...more };
}

const shown = (operations: readonly DecidedOperation[]): readonly unknown[] =>
  operations.map(({ operation, touched, cluster: { hosts } }) => [
    operation,
    touched ?? "all",
    hosts.map(({ ip }) => ip.slice(-1)).join(""),
  ]);

const hosts = (masters: string, nodes: string): readonly Host[] => [
  ...[...masters].map((digit) => host(`10.0.0.${digit}`, "master")),
  ...[...nodes].map((digit) => host(`10.0.0.${digit}`, "node")),
];

test("no cluster: create; the same: nothing", () => {
  assert.deepEqual(shown(decide(undefined, wanted())), [["create", "all", "1234"]]);
  assert.deepEqual(decide(current(), wanted()), []);
});

test("an upgrade comes before hosts join, and those before hosts leave, all in one apply", () => {
  const before = current({ hosts: hosts("12", "34") });
  const after = wanted({ hosts: hosts("15", "46"), image: "tiny:2" }, { imageDigest: "sha256:2" });
  const operations = decide(before, after);
  assert.deepEqual(shown(operations), [
    ["upgrade", "all", "1234"],
    ["join", ["10.0.0.5", "10.0.0.6"], "123456"],
    ["scale-down", ["10.0.0.2", "10.0.0.3"], "123456"],
  ]);
  assert.equal(operations[0]?.imageBefore, "tiny:1");
});

test("a master that is written before the first one does not take its place", () => {
  const [join] = decide(current({ hosts: hosts("1", "") }), wanted({ hosts: hosts("21", "") }));
  assert.deepEqual(
    join?.cluster.hosts.map(({ ip }) => ip),
    ["10.0.0.1", "10.0.0.2"],
  );
});

test("what can't be done is refused with what to do instead", () => {
  const before = current({ hosts: hosts("12", "3") });
  const refuses = (after: WantedCluster, code: string): void => assert.throws(() => decide(before, after), { code });
  refuses(wanted({ hosts: hosts("2", "3") }), "master0-removed");
  refuses(wanted({ hosts: hosts("1", "23") }), "host-roles-changed");
  refuses(wanted({ hosts: hosts("12", "3"), name: "green" }), "cluster-name-changed");
  refuses(wanted({ hosts: hosts("12", "34") }, { imageKind: "application" }), "application-with-hosts");
  assert.throws(() => decide(undefined, wanted({}, { imageKind: "application" })), { code: "image-is-application" });
});

test("an application image is installed in the cluster that is there, once", () => {
  const before = current();
  const after = wanted({ image: "shop:1" }, { imageKind: "application", imageDigest: "sha256:a" });
  assert.deepEqual(shown(decide(before, after)), [["apps", "all", "1234"]]);
  assert.deepEqual(decide({ ...before, applications: ["sha256:a"] }, after), []);
});

test("property: after its operations a cluster has exactly the wanted hosts, and master0 is the same", () => {
  const some = fc.uniqueArray(fc.integer({ min: 2, max: 9 }), { maxLength: 8 });
  fc.assert(
    fc.property(some, some, fc.boolean(), (own, other, upgraded) => {
      const role = (digit: number): string => (digit % 3 === 0 ? "master" : "node");
      const made = (digits: readonly number[]): readonly Host[] => [
        host("10.0.0.1", "master"),
        ...digits.map((digit) => host(`10.0.0.${digit}`, role(digit))),
      ];
      const operations = decide(
        current({ hosts: made(own) }),
        wanted({ hosts: made(other).toReversed() }, { imageDigest: upgraded ? "sha256:2" : one }),
      );
      const end = new Set(made(own).map(({ ip }) => ip));
      for (const {
        operation,
        touched = [],
        cluster: { hosts: all },
      } of operations) {
        assert.equal(all.find(({ roles }) => roles.includes("master"))?.ip, "10.0.0.1");
        if (operation === "join") for (const ip of touched) end.add(ip);
        if (operation === "scale-down") for (const ip of touched) end.delete(ip);
      }
      assert.deepEqual(
        [...end].sort(),
        made(other)
          .map(({ ip }) => ip)
          .sort(),
      );
      assert.equal(
        operations.some(({ operation }) => operation === "upgrade"),
        upgraded,
      );
    }),
  );
});

test("what no other operation brings is an update: of the hosts that it is about, once others have joined", () => {
  const before = current({ hosts: hosts("1", "234") });
  const [first, second, third, fourth] = hosts("1", "234");
  assert.ok(first && second && third && fourth);
  const labelled = { ...third, labels: { disk: "ssd" } };
  const alone = decide(before, wanted({ hosts: [first, second, labelled, fourth] }));
  assert.deepEqual(shown(alone), [["update", ["10.0.0.3"], "1234"]]);
  assert.deepEqual(alone[0]?.hostsBefore, [third]);
  // A variable is for files and scripts; other plug-ins are for the operations to come.
  const variables = decide(before, wanted({ hosts: [first, { ...second, env: { A: "b" } }, third, fourth] }));
  assert.deepEqual([shown(variables), variables[0]?.hostsBefore], [[["update", ["10.0.0.2"], "1234"]], []]);
  const plugins = decide(before, wanted({ hosts: hosts("1", "234"), plugins: [plugin("new")] }));
  assert.deepEqual(shown(plugins), [["update", [], "1234"]]);
  // Files go to every host that stays.
  const settings = decide(before, wanted({ hosts: hosts("1", "235"), settings: { mode: "other" } }));
  assert.deepEqual(shown(settings), [
    ["join", ["10.0.0.5"], "12345"],
    ["update", ["10.0.0.1", "10.0.0.2", "10.0.0.3"], "12345"],
    ["scale-down", ["10.0.0.4"], "12345"],
  ]);
  // An upgrade brings files and plug-ins, and no labels.
  const upgraded = wanted(
    { hosts: [first, second, labelled, fourth], plugins: [plugin("new")], settings: {} },
    { imageDigest: "sha256:2" },
  );
  assert.deepEqual(shown(decide(before, upgraded)), [
    ["upgrade", "all", "1234"],
    ["update", ["10.0.0.3"], "1234"],
  ]);
  // What joins is labelled by the join.
  assert.deepEqual(shown(decide(current({ hosts: hosts("1", "2") }), wanted({ hosts: [first, second, labelled] }))), [
    ["join", ["10.0.0.3"], "123"],
  ]);
});

test("what would change is said for hosts, image, plug-ins and settings (Sealer issue 1051)", () => {
  const before = current({ hosts: hosts("1", "34"), plugins: [plugin("a"), plugin("b"), plugin("c")] });
  const [first, , ...rest] = hosts("1", "45");
  assert.ok(first);
  const after = wanted(
    {
      image: "tiny:2",
      hosts: [{ ...first, labels: { a: "b" } }, ...rest, host("10.0.0.4")],
      plugins: [plugin("a", { origin: { from: "clusterfile", file: "other", line: 1 } }), plugin("b", { data: "new" }), plugin("d")],
      settings: {},
    },
    { imageDigest: "sha256:2" },
  );
  assert.deepEqual(formatChanges(clusterChanges(before, after)), [
    "image: tiny:1 -> tiny:2",
    "hosts that join: 10.0.0.5",
    "hosts that leave: 10.0.0.3",
    "plug-ins added: d",
    "plug-ins removed: c",
    "plug-ins changed: b",
    "hosts with other roles, labels, taints, variables or access: 10.0.0.1",
    "settings, documents or commands",
  ]);
  assert.deepEqual(formatChanges(clusterChanges(before, { ...wanted(), cluster: before.cluster })), []);
});
