import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTarget, type Host, parseTargets, resolveTargets, type Target, targetsAt } from "@outrigger/cluster";
import fc from "fast-check";

const ssh = { user: "root", port: 22 };
const host = (ip: string, roles: readonly string[], labels: Host["labels"] = {}): Host => ({ ip, roles, ssh, env: {}, labels, taints: [] });
const hosts = [
  host("10.0.0.1", ["master"], { disk: "hdd" }),
  host("10.0.0.2", ["master"]),
  host("10.0.0.3", ["node", "gpu"], { disk: "ssd" }),
  host("10.0.0.4", ["node"]),
  host("fd00::5", ["node"]),
];
const all = hosts.map(({ ip }) => ip);
const labelsOf = (each: Host): Host["labels"] => each.labels;

function resolve(text: string, touched: readonly string[] = all): ReturnType<typeof resolveTargets> {
  const { targets, problems } = parseTargets(text);
  assert.deepEqual(problems, []);
  return resolveTargets(targets, { hosts, touched, labelsOf });
}

test("targets: what Sealer documents for `on` and `scope` means these hosts", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["master", ["10.0.0.1", "10.0.0.2"]],
    ["node", ["10.0.0.3", "10.0.0.4", "fd00::5"]],
    ["master0", ["10.0.0.1"]],
    ["10.0.0.2,10.0.0.4", ["10.0.0.2", "10.0.0.4"]],
    ["10.0.0.2-10.0.0.4", ["10.0.0.2", "10.0.0.3", "10.0.0.4"]],
    ["10.0.0.1 , 10.0.0.3 - 10.0.0.4", ["10.0.0.1", "10.0.0.3", "10.0.0.4"]],
    ["master | gpu", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]],
    ["gpu|10.0.0.3", ["10.0.0.3"]],
    ["fd00::1-fd00::ffff", ["fd00::5"]],
    ["FD00:0::5", ["fd00::5"]],
    ["disk=ssd", ["10.0.0.3"]],
    ["disk in (ssd, hdd) | fd00::5", ["10.0.0.1", "10.0.0.3", "fd00::5"]],
    ["label:disk", ["10.0.0.1", "10.0.0.3"]],
    ["disk!=ssd", ["10.0.0.1", "10.0.0.2", "10.0.0.4", "fd00::5"]],
  ];
  for (const [text, meant] of cases) assert.deepEqual(resolve(text), { hosts: meant, lateSelectors: [] }, text);
});

test("targets: they meet the operation's hosts, and master0 counts outside them", () => {
  const joining = ["10.0.0.4", "fd00::5"];
  assert.deepEqual(resolve("master", joining).hosts, []);
  assert.deepEqual(resolve("node", joining).hosts, joining);
  assert.deepEqual(resolve("master0", joining).hosts, ["10.0.0.1"]);
  assert.deepEqual(resolve("master0|node", joining).hosts, ["10.0.0.1", ...joining]);
  assert.deepEqual(resolve("disk=ssd", joining), { hosts: [], lateSelectors: [] });
  assert.deepEqual(resolveTargets([], { hosts, touched: joining, labelsOf }).hosts, joining);
});

test("targets: selectors that the known labels don't answer wait for the Kubernetes API", () => {
  assert.deepEqual(resolve("zone=a").lateSelectors, ["zone=a"]);
  assert.deepEqual(resolve("disk=nvme").lateSelectors, ["disk=nvme"]);
  assert.deepEqual(resolve("disk==ssd,!zone").lateSelectors, ["disk=ssd,!zone"], "nobody knows whether a zone is set elsewhere");
  assert.deepEqual(resolve("node-role.kubernetes.io/master=").lateSelectors, ["node-role.kubernetes.io/master="]);
});

test("targets: a phase on master0 has master0, whatever `scope` says, but `on` counts", () => {
  const targets: readonly Target[] = [{ kind: "role", role: "master" }];
  const master0 = [{ kind: "master0" }];
  assert.deepEqual(targetsAt({ targets: [], scoped: false }, "post-install"), master0);
  assert.deepEqual(targetsAt({ targets, scoped: true }, "post-install"), master0);
  assert.deepEqual(targetsAt({ targets, scoped: false }, "post-install"), targets);
  assert.deepEqual(targetsAt({ targets, scoped: true }, "pre-init-host"), targets);
  assert.deepEqual(targetsAt({ targets: [], scoped: false }, "PreInit"), []);
});

test("targets: mistakes are said, with the mend where it is plain", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /No target is named/],
    ["master|", /empty/],
    ["10.0.0.1,,10.0.0.2", /empty/],
    ["10.0.0.9-10.0.0.1", /write 10\.0\.0\.1-10\.0\.0\.9/],
    ["10.0.0.1-9", /in full: 10\.0\.0\.1-10\.0\.0\.9/],
    ["10.0.0.1-fd00::1", /two families/],
    ["10.0.0.0-10.255.255.255", /16777216 addresses; at most 65536/],
    ["fd00::-fd00:ffff::", /at most 65536/],
    ["10.0.0.256", /no IP address/],
    ["10.0.1", /no IP address/],
    ["fe80::1%eth0", /no IP address/],
    ["10.0.0.1-10.0.0.2-10.0.0.3", /no IP address and no range of two/],
    ["master/node", /write master \| node/],
    ["ma ster", /neither a role/],
    ["disk=ssd,master", /write master \| disk=ssd/],
    ["10.0.0.1,disk=ssd", /write 10\.0\.0\.1 \| disk=ssd/],
    ["disk=a b", /no value of a label/],
    ["disk in ssd", /neither a role/],
    ["=ssd", /no key of a label/],
  ];
  for (const [text, said] of cases) {
    const { problems } = parseTargets(text);
    assert.equal(problems.length, 1, `${text}: ${problems.join(" ")}`);
    assert.match(problems[0] ?? "", said, text);
  }
});

test("targets: IPv4 in IPv6 and leading noughts don't make a second host of one", () => {
  assert.deepEqual(parseTargets("::ffff:10.0.0.1").targets, [{ kind: "addresses", from: "10.0.0.1", to: "10.0.0.1" }]);
  assert.equal(parseTargets("010.0.0.1").problems.length, 1, "octal to some, decimal to others");
});

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,8}[A-Za-z0-9]$/);
const address = fc.oneof(fc.ipV4(), fc.ipV6());
const selector = fc
  .array(
    fc.oneof(
      word,
      word.map((key) => `!${key}`),
      fc.tuple(word, fc.constantFrom("=", "==", "!="), fc.oneof(fc.constant(""), word)).map((parts) => parts.join("")),
      fc
        .tuple(word, fc.constantFrom("in", "notin"), fc.uniqueArray(word, { minLength: 1, maxLength: 3 }))
        .map(([k, o, v]) => `${k} ${o} (${v.join(", ")})`),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((terms) => `label:${terms.join(",")}`);

test("property: a target that was read is written as text that reads as the same target", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(word, address, selector, fc.constant("master0")), { minLength: 1, maxLength: 4 }), (terms) => {
      const { targets } = parseTargets(terms.join(" | "));
      assert.ok(targets.length > 0);
      assert.deepEqual(parseTargets(targets.map(formatTarget).join("|")), { targets, problems: [] });
    }),
  );
});

test("property: any text is read without throwing, and what is resolved lies in the cluster", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."mast0er|,-=!(). 19:dk"), maxLength: 24 }), fc.subarray(all), (text, touched) => {
      const { targets, problems } = parseTargets(text);
      assert.ok(targets.length + problems.length > 0);
      const { hosts: meant } = resolveTargets(targets, { hosts, touched, labelsOf });
      for (const ip of meant) assert.ok(touched.includes(ip) || (ip === "10.0.0.1" && targets.some(({ kind }) => kind === "master0")));
    }),
    { numRuns: 500 },
  );
});

test("property: a range means the addresses between its ends, and no other", () => {
  const number = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(number, number, number, (a, b, c) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const { targets } = parseTargets(`10.9.8.${from}-10.9.8.${to}`);
      const one = [host(`10.9.8.${c}`, ["node"])];
      const { hosts: meant } = resolveTargets(targets, { hosts: one, touched: [`10.9.8.${c}`], labelsOf });
      assert.equal(meant.length === 1, c >= from && c <= to);
    }),
  );
});
