import assert from "node:assert/strict";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { readBody } from "../request/body.ts";
import { readTarget } from "../request/target.ts";
import { authzKit } from "./authz-kit.ts";

const limited = `
rules:
  - name: limited
    allow:
      binds: { allow: [/srv/data, { path: /etc/ssl, readOnly: true }] }
      capabilities: [NET_ADMIN]
      namespaces: { pid: [host] }
`;
const create = "/v1.41/containers/create?name=x";

test("the first rule that is for a request decides, and what no rule is for is refused", async (context) => {
  const { ask } = await authzKit(
    context,
    `
rules:
  - { name: operators, for: { users: ["ops-*"] }, allow: all }
  - { name: no-swarm, for: { paths: ["/swarm*"] }, deny: No swarm here. }
  - { name: readers, for: { methods: [GET] }, allow: all }
`,
  );
  assert.equal(await ask("POST", "/v1.41/swarm/init", { user: "ops-bob", body: {} }), undefined);
  assert.equal(await ask("GET", "/v1.41/swarm", { user: "dev" }), "no-swarm: No swarm here.");
  assert.equal(await ask("GET", "/_ping"), undefined);
  assert.equal(await ask("DELETE", "/v1.41/containers/x", { user: "ops" }), "no rule allows it");
});

const refused: Readonly<Record<string, readonly [string, unknown, RegExp]>> = {
  privileged: [create, { HostConfig: { Privileged: true } }, /privileged is not allowed/],
  "privileged in another case": [create, { hostconfig: { PRIVILEGED: true } }, /privileged is not allowed/],
  "privileged in letters that fold to ASCII": [create, { HostConfig: { Binds: [], CapAdd: ["\u017fYS_ADMIN"] } }, /capability/],
  "keys with a long s": [create, '{"Ho\u017ftConfig":{"Privileged":true}}', /privileged is not allowed/],
  "privileged exec": ["/v1.41/containers/x/exec", { Privileged: true }, /privileged/],
  "another folder": [create, { HostConfig: { Binds: ["/etc:/e"] } }, /bind of "\/etc"/],
  "a folder beside": [create, { HostConfig: { Binds: ["/srv/database:/e"] } }, /bind of/],
  "a folder by dots": [create, { HostConfig: { Binds: ["/srv/data/../../etc:/e"] } }, /bind of/],
  "the root": [create, { HostConfig: { Binds: ["/:/e"] } }, /bind of/],
  "a read-only place for writing": [create, { HostConfig: { Binds: ["/etc/ssl:/e"] } }, /for writing/],
  "a target called ro": [create, { HostConfig: { Binds: ["/etc/ssl:/ro:rw"] } }, /for writing/],
  "a mount": [create, { HostConfig: { Mounts: [{ Type: "bind", Source: "/root", Target: "/r" }] } }, /bind of "\/root"/],
  "a volume that binds": [
    create,
    {
      HostConfig: {
        Mounts: [{ Type: "volume", VolumeOptions: { DriverConfig: { Options: { type: "none", o: "bind", device: "/root" } } } }],
      },
    },
    /bind of "\/root"/,
  ],
  "a volume created to bind": ["/v1.41/volumes/create", { DriverOpts: { device: "/root", o: "bind" } }, /bind of "\/root"/],
  "a volume of a network": ["/v1.41/volumes/create", { DriverOpts: { device: ":/x", type: "nfs" } }, /bind of ":\/x"/],
  "a capability": [create, { HostConfig: { CapAdd: ["cap_sys_admin"] } }, /"SYS_ADMIN"/],
  "all capabilities": [create, { HostConfig: { CapAdd: ["ALL"] } }, /"ALL"/],
  "a device": [create, { HostConfig: { Devices: [{ PathOnHost: "/dev/kvm" }] } }, /device "\/dev\/kvm"/],
  "the host's network": [create, { HostConfig: { NetworkMode: "host" } }, /network namespace "host"/],
  "the host's network as an endpoint": [create, { NetworkingConfig: { EndpointsConfig: { host: {} } } }, /network namespace/],
  "another's network": [create, { HostConfig: { NetworkMode: "container:x" } }, /container:x/],
  "seccomp off": [create, { HostConfig: { SecurityOpt: ["seccomp:unconfined"] } }, /seccomp=unconfined/],
  "paths unmasked": [create, { HostConfig: { MaskedPaths: [] } }, /field MaskedPaths/],
  "device rules": [create, { HostConfig: { DeviceCgroupRules: ["a *:* rwm"] } }, /DeviceCgroupRules/],
  "a service's capability": ["/v1.41/services/create", { TaskTemplate: { ContainerSpec: { CapabilityAdd: ["CAP_BPF"] } } }, /"BPF"/],
  "a service's bind": ["/v1.41/services/create", { TaskTemplate: { ContainerSpec: { Mounts: [{ Type: "bind", Source: "/" }] } } }, /bind/],
  "a start that is a HostConfig": ["/containers/x/start", { Privileged: true }, /privileged/],
  "a start of an old API": ["/v1.20/containers/x/start", undefined, /before API 1\.24/],
  "a key twice": [create, '{"HostConfig":{"Privileged":true,"Privileged":false}}', /more than one way/],
  "a key twice in two cases": [create, '{"HostConfig":{"Privileged":true},"hostconfig":{}}', /more than one way/],
  "a key twice by an escape": [create, '{"HostConfig":{"Privileged":false,"\\u0050rivileged":true}}', /more than one way/],
  "text after it": [create, '{"HostConfig":{}} {"HostConfig":{"Privileged":true}}', /more than one way/],
  "a missing body": [create, undefined, /its body is not shown/],
  "a version with three parts": ["/v1.41.0/containers/create", undefined, /its body is not shown/],
  "an encoded path": ["/v1.41/containers%2fcreate", undefined, /its body is not shown/],
  "the whole URI": ["http://docker/v1.41/containers/create", undefined, /its body is not shown/],
  "a path with dots": ["/v1.41/images/../containers/create", {}, /path can be read in more than one way/],
  "two slashes": ["//v1.41/containers/create", {}, /path can be read in more than one way/],
  "a path that is not encoded well": ["/v1.41/containers/%zz", {}, /path can be read/],
  "a build in the host's network": ["/v1.41/build?networkmode=host", undefined, /build's network/],
  "a build in a container's network": ["/v1.41/build?NetworkMode=container:x", undefined, /build's network/],
  "a plug-in": ["/v1.41/plugins/pull?remote=x", [], /only for those who may do everything/],
  "a swarm": ["/swarm/init", {}, /only for those who may do everything/],
  "BuildKit's own API": ["/grpc", undefined, /only for those who may do everything/],
  "a checkpoint": ["/v1.41/containers/x/checkpoints", {}, /only for those who may do everything/],
};

for (const [name, [uri, body, expected]] of Object.entries(refused)) {
  test(`refused: ${name}`, async (context) => {
    const { ask } = await authzKit(context, limited);
    assert.match((await ask("POST", uri, body === undefined ? {} : { body })) ?? "allowed", expected);
  });
}

test("what lies within the limits passes", async (context) => {
  const { ask } = await authzKit(context, limited);
  const HostConfig = {
    Binds: ["/srv/data/a:/a", "/etc/ssl/certs:/c:ro,z", "volume:/v", "/anonymous"],
    CapAdd: ["CAP_NET_ADMIN"],
    PidMode: "host",
    NetworkMode: "default",
    MaskedPaths: null,
    SecurityOpt: ["no-new-privileges"],
    Mounts: [{ Type: "tmpfs" }, { Type: "volume", VolumeOptions: { DriverConfig: { Options: { type: "tmpfs", device: "tmpfs" } } } }],
  };
  assert.equal(await ask("POST", create, { body: { Image: "x", HostConfig } }), undefined);
  assert.equal(await ask("POST", "/v1.41/containers/x/start"), undefined);
  assert.equal(await ask("GET", "/v1.41/containers/json"), undefined);
});

test("a body that an engine leaves away for its size is refused under limits (CVE-2026-34040)", async (context) => {
  const { ask } = await authzKit(context, limited);
  const headers = { "Content-Type": "application/json", "Content-Length": String(5 * 1024 ** 2) };
  assert.match((await ask("POST", "/v1.41/networks/x/connect", { headers })) ?? "", /its body is not shown/);
  assert.equal(await ask("POST", "/v1.41/auth", { headers }), undefined);
});

test("a file with a mistake refuses everything and says where; mended, it holds at once; gone, nothing is allowed", async (context) => {
  const { ask, rules, folder } = await authzKit(context, limited);
  assert.equal(await ask("GET", "/_ping"), undefined);
  rules("rules:\n  - name: a\n    alow: all\n");
  assert.match((await ask("GET", "/_ping")) ?? "", /nothing is allowed: .*rules\.yaml:3/s);
  for (const text of [
    "",
    "rules: []",
    "rules: [{ name: a }]",
    "rules: [{ name: a, allow: all, deny: x }]",
    "{",
    "rules:\n- {name: a, for: {methods: [get]}, allow: all}",
  ]) {
    rules(`${text}\n`);
    assert.match((await ask("GET", "/_ping")) ?? "allowed", /nothing is allowed/, text);
  }
  rules(limited);
  assert.equal(await ask("GET", "/_ping"), undefined);
  const [file, away] = [join(folder, "rules.yaml"), join(folder, "away")];
  renameSync(file, away);
  assert.match((await ask("GET", "/_ping")) ?? "", /nothing is allowed/);
  renameSync(away, file);
  assert.equal(await ask("GET", "/_ping"), undefined);
  rmSync(file);
});

test("without a file everything is allowed; rules that come later hold", async (context) => {
  const { ask, rules } = await authzKit(context);
  assert.equal(await ask("POST", create, { body: { HostConfig: { Privileged: true } } }), undefined);
  rules(limited);
  assert.match((await ask("POST", create, { body: { HostConfig: { Privileged: true } } })) ?? "", /limited: privileged/);
});

test("any body is read as JSON.parse reads it, or not at all; a key that stands twice is always found", async () => {
  await fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const read = readBody(Buffer.from(JSON.stringify(object)));
      const keys = Object.keys(object).map((key) => key.toLowerCase());
      if (read !== undefined) assert.equal(read.size, keys.length);
    }),
  );
  await fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.jsonValue(), (one, key, other) => {
      const text = `{${JSON.stringify(key)}:${JSON.stringify(one)},${JSON.stringify(key)}:${JSON.stringify(other)}}`;
      assert.equal(readBody(Buffer.from(text)), undefined);
    }),
  );
});

test("no path gets by with dots or doubled slashes", async () => {
  await fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "..", ".", "", "%2e%2e", "%2F", "v1.41", "?x", "b%20c")), (parts) => {
      const target = readTarget(`/${parts.join("/")}`);
      if (target !== undefined) assert.doesNotMatch(target.path, /\/\/|\/\.\.?(?:\/|$)/);
    }),
  );
});
