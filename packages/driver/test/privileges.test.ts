import assert from "node:assert/strict";
import { test } from "node:test";
import {
  newPrivileges,
  type PluginPrivilege,
  privilegesOfConfig,
  readPrivileges,
  requirePrivileges,
  samePrivileges,
} from "@outrigger/driver";
import fc from "fast-check";
import { pluginConfig } from "./support/plugin-config.ts";

const noNames = { Name: "", Description: "", Settable: null };
const mount = (Source: string | null) => ({ ...noNames, Source, Destination: "/x", Type: "bind", Options: null });
const device = (Path: string | null) => ({ ...noNames, Path });

test("everything that a configuration can ask for, in the engine's order and words", () => {
  const config = pluginConfig({
    Network: { Type: "host" },
    IpcHost: true,
    PidHost: true,
    Mounts: [mount("/b"), mount(null), mount(""), mount("/a")],
    Linux: { Capabilities: ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"], AllowAllDevices: true, Devices: [device("/dev/fuse"), device(null)] },
  });
  assert.deepEqual(privilegesOfConfig(config), [
    { Name: "network", Description: "permissions to access a network", Value: ["host"] },
    { Name: "host ipc namespace", Description: "allow access to host ipc namespace", Value: ["true"] },
    { Name: "host pid namespace", Description: "allow access to host pid namespace", Value: ["true"] },
    { Name: "mount", Description: "host path to mount", Value: ["/b"] },
    { Name: "mount", Description: "host path to mount", Value: [""] },
    { Name: "mount", Description: "host path to mount", Value: ["/a"] },
    { Name: "device", Description: "host device to access", Value: ["/dev/fuse"] },
    { Name: "allow-all-devices", Description: "allow 'rwm' access to all devices", Value: ["true"] },
    { Name: "capabilities", Description: "list of additional capabilities required", Value: ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"] },
  ]);
});

test("a network is asked for unless it is none at all", () => {
  for (const Type of ["", "bridge", "null"]) assert.deepEqual(privilegesOfConfig(pluginConfig({ Network: { Type } })), []);
  for (const Type of ["none", "host", "mine"]) assert.equal(privilegesOfConfig(pluginConfig({ Network: { Type } }))[0]?.Name, "network");
});

test("attack: a forged first privilege does not pass for another (CVE-2026-33997)", () => {
  const asked = privilegesOfConfig(pluginConfig({ Linux: { Capabilities: null, AllowAllDevices: true, Devices: null } }));
  const forged = [{ Name: "network", Description: "", Value: ["none"] }];
  assert.equal(samePrivileges(asked, forged), false);
  assert.throws(() => requirePrivileges("evil", asked, forged), { code: "privileges-differ" });
  assert.throws(() => requirePrivileges("evil", asked, []), { code: "privileges-differ" });
  requirePrivileges("honest", asked, asked);
});

test("attack: names and values that run together, values moved between privileges, and repeated ones are told apart", () => {
  const one = (Name: string, ...Value: string[]): PluginPrivilege => ({ Name, Description: "", Value });
  assert.equal(samePrivileges([one("mount", "/a,/b")], [one("mount", "/a", "/b")]), false);
  assert.equal(samePrivileges([one("mount", "/a"), one("mount", "/b")], [one("mount", "/a"), one("mount", "/a")]), false);
  assert.equal(samePrivileges([one("mount", "/a"), one("device", "/b")], [one("mount", "/b"), one("device", "/a")]), false);
  assert.equal(samePrivileges([one("a", "x", "x")], [one("a", "x")]), false);
});

const arbitrary = fc.array(
  fc.record({
    Name: fc.constantFrom("network", "mount", "device"),
    Description: fc.string(),
    Value: fc.array(fc.string(), { maxLength: 3 }),
  }),
  { maxLength: 5 },
);

test("order and descriptions don't count; any other change does", () => {
  fc.assert(
    fc.property(arbitrary, fc.nat(), (privileges, seed) => {
      const turned = privileges.map((each) => ({ ...each, Description: "other", Value: each.Value.toReversed() })).toReversed();
      assert.ok(samePrivileges(privileges, turned));
      if (privileges.length === 0) return;
      const at = seed % privileges.length;
      const changed = privileges.map((each, index) => (index === at ? { ...each, Value: [...each.Value, "more"] } : each));
      assert.equal(samePrivileges(privileges, changed), false);
      assert.equal(samePrivileges(privileges, privileges.toSpliced(at, 1)), false);
    }),
  );
});

test("an upgrade asks for what is new only, of lists the new members", () => {
  const before = privilegesOfConfig(pluginConfig({ Linux: { Capabilities: ["CAP_NET_ADMIN"], AllowAllDevices: false, Devices: null } }));
  const after = privilegesOfConfig(
    pluginConfig({
      Mounts: [mount("/etc")],
      Linux: { Capabilities: ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"], AllowAllDevices: false, Devices: null },
    }),
  );
  assert.deepEqual(
    newPrivileges(before, after).map(({ Name, Value }) => [Name, ...Value]),
    [
      ["mount", "/etc"],
      ["capabilities", "CAP_SYS_ADMIN"],
    ],
  );
  assert.deepEqual(newPrivileges(after, after), []);
});

test("privileges of a request are read as Go reads them, and nothing unknown passes", () => {
  assert.deepEqual(readPrivileges(null), []);
  assert.deepEqual(readPrivileges([{ name: "network", VALUE: null }]), [{ Name: "network", Description: "", Value: [] }]);
  for (const wrong of [
    {},
    "x",
    [1],
    [[]],
    [{ Name: 1 }],
    [{ Name: "a", Value: "b" }],
    [{ Name: "a", Value: [1] }],
    [{ Name: "a", name: "b" }],
    [{ Name: "a", Extra: 1 }],
  ])
    assert.throws(() => readPrivileges(wrong), { code: "request-invalid" }, JSON.stringify(wrong));
});
