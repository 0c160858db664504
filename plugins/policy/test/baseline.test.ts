import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeInputs } from "@outrigger/sdk";
import { create, recorded, recordedCreate } from "../../../tests/support/recorded.ts";
import { policyKit } from "./policy-kit.ts";

type Body = ChangeInputs["container.preCreate"]["body"];

const kit = await policyKit();

async function ruleOf(body: unknown): Promise<string | undefined> {
  return (await kit.change("container.preCreate", create(body as Body))).refused?.code;
}

test("baseline: what docker, docker-compose and docker-py send for a plain container is allowed", async () => {
  for (const name of ["plain", "plain-20.10", "compose-db"]) {
    const { refused, called } = await kit.change("container.preCreate", await recordedCreate(name));
    assert.deepEqual([name, refused, called], [name, undefined, true]);
  }
  const harmless: readonly unknown[] = [
    { HostConfig: { Binds: ["data:/data", "data:/data:ro,z", "/data", "/data:ro"] } },
    {
      HostConfig: {
        Mounts: [
          { Type: "tmpfs", Target: "/t" },
          { Type: "volume", Target: "/v", Source: "data" },
        ],
      },
    },
    {
      HostConfig: {
        Mounts: [
          {
            Type: "volume",
            Target: "/v",
            VolumeOptions: { DriverConfig: { Options: { type: "tmpfs", device: "tmpfs", o: "size=1m,uid=5" } } },
          },
        ],
      },
    },
    { HostConfig: { CapAdd: ["chown", "CAP_NET_BIND_SERVICE"], SecurityOpt: ["no-new-privileges"] } },
    { HostConfig: { NetworkMode: "backend", PidMode: "", IpcMode: "shareable", CgroupnsMode: "private" } },
    { HostConfig: { Sysctls: { "net.ipv4.ip_local_port_range": "1 2" }, MaskedPaths: null, OomScoreAdj: 100 } },
    { HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }], "81/tcp": null }, RestartPolicy: { Name: "always" } } },
    { Healthcheck: { Test: ["CMD", "true"] }, Labels: { hasOwnProperty: "x" }, Privileged: null },
  ];
  for (const body of harmless) assert.equal(await ruleOf(body), undefined, JSON.stringify(body));
});

test("baseline: what gives the host is refused, and the code is the rule's name", async () => {
  const host = (HostConfig: unknown): unknown => ({ HostConfig });
  const mount = (Mount: unknown): unknown => host({ Mounts: [Mount] });
  const local = (Options: unknown): unknown =>
    mount({ Type: "volume", Target: "/v", VolumeOptions: { DriverConfig: { Name: "local", Options } } });
  const attacks: readonly (readonly [rule: string, body: unknown])[] = [
    ["privileged", host({ Privileged: true })],
    ["fields", { Privileged: true }],
    ["fields", { Binds: ["/:/host"] }],
    ["fields", { privileged: true }],
    ["fields", { hostConfig: { Privileged: true } }],
    ["fields", host({ privileged: true })],
    ["fields", host({ "Privileged ": true })],
    ["fields", host({ NewWayOut: true })],
    ["fields", mount({ Type: "volume", Target: "/v", NewOptions: {} })],
    ["fields", mount({ Type: "bind", Source: "/srv", Target: "/v", BindOptions: { NewOption: true } })],
    ["field-type", host({ Privileged: "true" })],
    ["field-type", host({ Privileged: 1 })],
    ["field-type", host({ Binds: "/:/host" })],
    ["field-type", host({ Binds: [["/:/host"]] })],
    ["field-type", host({ Mounts: { Type: "bind" } })],
    ["field-type", { HostConfig: [{ Privileged: true }] }],
    ["field-type", host({ CapAdd: [null] })],
    ["binds", host({ Binds: ["/:/host"] })],
    ["binds", host({ Binds: ["//:/host:ro"] })],
    ["binds", host({ Binds: ["/srv/../:/host"] })],
    ["binds", host({ Binds: ["/srv:/a", "/etc/:/host:ro,rslave"] })],
    ["binds", host({ Binds: ["/var/run/docker.sock:/var/run/docker.sock"] })],
    ["binds", host({ Binds: ["a:b:c:d"] })],
    ["volumes", host({ Binds: [":/x:ro"] })],
    ["volumes", host({ Binds: ["../../etc:/x"] })],
    ["binds", host({ Binds: ["relative"] })],
    ["binds", mount({ Type: "bind", Source: "/etc", Target: "/host" })],
    ["binds", mount({ Type: "bind", Source: "./etc", Target: "/host" })],
    ["mounts", mount({ Type: "npipe", Source: "//./pipe/docker_engine", Target: "/x" })],
    ["mounts", mount({ Type: "Bind", Source: "/", Target: "/x" })],
    ["mounts", mount({ Source: "/", Target: "/x" })],
    ["mounts", mount({ Type: "cluster", Source: "x", Target: "/x" })],
    ["mounts", mount({ Type: "volume", Target: "/v", BindOptions: { Propagation: "shared" } })],
    ["binds", local({ type: "none", o: "bind", device: "/" })],
    ["binds", local({ type: "tmpfs", o: "bind", device: "/" })],
    ["binds", local({ type: "tmpfs", o: "ro,rbind", device: "/etc" })],
    ["volumes", local({ type: "ext4", device: "/dev/sda1" })],
    ["volumes", local({ type: "nfs", device: ":/", o: "addr=127.0.0.1" })],
    ["volumes", local({ type: "tmpfs", o: "move", device: "/etc" })],
    ["volumes", local({ type: "overlay", o: "lowerdir=/etc,upperdir=/tmp/u,workdir=/tmp/w", device: "overlay" })],
    ["volumes", local({ mountpoint: "/etc" })],
    ["volumes", local({ Type: "none", O: "bind", Device: "/" })],
    ["volumes", mount({ Type: "volume", Source: "/etc", Target: "/v" })],
    ["volumes", mount({ Type: "volume", Target: "/v", VolumeOptions: { DriverConfig: { Name: "rclone" } } })],
    ["volumes", host({ VolumesFrom: ["gateway:ro"] })],
    ["volumes", host({ VolumeDriver: "local-persist" })],
    ["capabilities", host({ CapAdd: ["SYS_ADMIN"] })],
    ["capabilities", host({ CapAdd: ["cap_sys_admin"] })],
    ["capabilities", host({ CapAdd: ["all"] })],
    ["capabilities", host({ Capabilities: ["CAP_SYS_PTRACE"] })],
    ["namespaces", host({ NetworkMode: "host" })],
    ["namespaces", host({ NetworkMode: "container:gateway" })],
    ["namespaces", host({ PidMode: "host" })],
    ["namespaces", host({ PidMode: "container:gateway" })],
    ["namespaces", host({ PidMode: "ns:/proc/1/ns/pid" })],
    ["namespaces", host({ IpcMode: "host" })],
    ["namespaces", host({ UTSMode: "host" })],
    ["namespaces", host({ UsernsMode: "host" })],
    ["namespaces", host({ CgroupnsMode: "host" })],
    ["namespaces", host({ Cgroup: "container:gateway" })],
    ["namespaces", { NetworkingConfig: { EndpointsConfig: { host: {} } } }],
    ["devices", host({ Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/x", CgroupPermissions: "rwm" }] })],
    ["deviceCgroupRules", host({ DeviceCgroupRules: ["a *:* rwm"] })],
    ["deviceRequests", host({ DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["vendor.com/gpu=all"] }] })],
    ["deviceRequests", host({ DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }] })],
    ["deviceRequests", host({ DeviceRequests: [{}] })],
    ["cgroupParents", host({ CgroupParent: "/" })],
    ["runtimes", host({ Runtime: "runc" })],
    ["securityOptions", host({ SecurityOpt: ["seccomp=unconfined"] })],
    ["securityOptions", host({ SecurityOpt: ["apparmor:unconfined"] })],
    ["securityOptions", host({ SecurityOpt: ["label=disable"] })],
    ["securityOptions", host({ SecurityOpt: ["label:type:spc_t"] })],
    ["securityOptions", host({ SecurityOpt: ["systempaths=unconfined"] })],
    ["securityOptions", host({ SecurityOpt: ["no-new-privileges=false"] })],
    ["sysctls", host({ Sysctls: { "kernel.core_pattern": "|/x" } })],
    ["sysctls", host({ Sysctls: { "net/../kernel/core_pattern": "|/x" } })],
    ["unmaskedPaths", host({ MaskedPaths: [] })],
    ["unmaskedPaths", host({ ReadonlyPaths: [] })],
    ["annotations", host({ Annotations: { "run.oci.hooks.stdout": "/x" } })],
    ["logDrivers", host({ LogConfig: { Type: "syslog", Config: { "syslog-address": "unix:///dev/log" } } })],
    ["storageOptions", host({ StorageOpt: { "lcow.kernel": "/x" } })],
    ["links", host({ Links: ["/other:x"] })],
    ["oomProtection", host({ OomScoreAdj: -1000 })],
    ["oomProtection", host({ OomKillDisable: true })],
    ["realtime", host({ CpuRealtimeRuntime: 950000 })],
  ];
  for (const [rule, body] of attacks) assert.equal(await ruleOf(body), rule, JSON.stringify(body));
});

test("baseline: recorded requests for the host are refused", async () => {
  for (const [name, rule] of [
    ["many-flags", "privileged"],
    ["host-20.10", "capabilities"],
    ["compose-web", "binds"],
    ["python", "capabilities"],
    ["network-cli", "networks"],
  ] as const) {
    const call = await recorded(name);
    const { refused } = await kit.play({ ...call, hook: `${call.hook}/validate` as typeof call.hook });
    assert.equal(refused?.code, rule, name);
    assert.ok(refused.message.length > 20);
  }
  for (const name of ["volume-cli", "volume-compose", "network-compose", "update", "build"]) {
    const call = await recorded(name);
    const hook = call.hook === "api.request" ? call.hook : (`${call.hook}/validate` as typeof call.hook);
    assert.equal((await kit.play({ ...call, hook })).refused, undefined, name);
  }
});

test("baseline: other doors are judged by the same rules, and services are closed", async () => {
  const through = async (door: "exec" | "service" | "build" | "commit", body: Body): Promise<string | undefined> =>
    (await kit.change("container.preCreate", { name: null, platform: null, body }, { door })).refused?.code;
  assert.equal(await through("exec", { Cmd: ["id"], HostConfig: { Privileged: true } }), "privileged");
  assert.equal(await through("exec", { Cmd: ["id"], User: "0" }), undefined);
  assert.equal(await through("service", { Image: "nginx" }), "doors");
  assert.equal(await through("build", { HostConfig: { NetworkMode: "host" } }), "namespaces");
  assert.equal(await through("build", { HostConfig: { SecurityOpt: ["seccomp=unconfined"] } }), "securityOptions");
  assert.equal(await through("build", { Labels: { x: "y" } }), undefined);
  assert.equal(await through("commit", { Env: ["A=b"] }), undefined);
});

test("baseline: volumes, networks, endpoints and updates", async () => {
  const volume = async (input: unknown): Promise<string | undefined> =>
    (await kit.change("volume.preCreate", input as never)).refused?.code;
  assert.equal(await volume({ Name: "v", Driver: "local", DriverOpts: { o: "bind", device: "/", type: "none" } }), "binds");
  assert.equal(await volume({ Name: "v", driverOpts: { o: "bind" } }), "fields");
  assert.equal(await volume({ Name: "v", ClusterVolumeSpec: {} }), "mounts");
  assert.equal(await volume({ Name: "v", Labels: { a: "b" } }), undefined);
  const network = async (body: unknown): Promise<string | undefined> =>
    (await kit.change("network.preCreate", { body } as never)).refused?.code;
  assert.equal(await network({ Name: "n", Driver: "macvlan", Options: { parent: "eth0" } }), "networks");
  assert.equal(await network({ Name: "n", Driver: "bridge", Options: { "com.docker.network.bridge.name": "br0" } }), "networks");
  assert.equal(await network({ Name: "n", Options: { "com.docker.network.driver.mtu": "1400" } }), undefined);
  const endpoint = { priority: null, disableResolver: false, parameters: {}, settings: {} };
  assert.equal((await kit.change("container.preCreateEndpoint", endpoint, { network: "host" })).refused?.code, "namespaces");
  const update = async (body: unknown): Promise<string | undefined> =>
    (await kit.change("container.preUpdate", { body } as never)).refused?.code;
  assert.equal(await update({ Devices: [{ PathOnHost: "/dev/sda" }] }), "devices");
  assert.equal(await update({ Privileged: true }), "privileged");
  assert.equal(await update({ Memory: 1e9 }), undefined);
});
