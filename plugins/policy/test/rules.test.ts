import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { CallFacts, ChangeInputs } from "@outrigger/sdk";
import type { PluginKit } from "@outrigger/sdk/test-kit";
import { create } from "../../../tests/support/recorded.ts";
import { readPolicy } from "../rules/read-policy.ts";
import { policyKit } from "./policy-kit.ts";

type Body = ChangeInputs["container.preCreate"]["body"];
type HostConfig = NonNullable<Body["HostConfig"]>;

async function refusal(kit: PluginKit, body: Body, facts: Partial<CallFacts> = {}): Promise<string | undefined> {
  return (await kit.change("container.preCreate", create(body), facts)).refused?.code;
}

function host(kit: PluginKit, HostConfig: HostConfig): Promise<string | undefined> {
  return refusal(kit, { HostConfig });
}

test("a policy's mistakes come all at once, with line, column and mend", () => {
  const reading = readPolicy(
    "rules:\n  privilegd: true\n  limits: { memory: { max: 1GB } }\n  binds: { allow: [/srv/../etc] }\n",
    "policy.yaml",
  );
  assert.equal(reading.ok, false);
  if (reading.ok) return;
  const found = reading.problems.map(({ line, path, hint }) => [line, path, hint]);
  assert.deepEqual(
    found.map(([line]) => line),
    [2, 3, 4],
  );
  assert.equal(found[0]?.[2], 'Did you mean "privileged"?');
  assert.match(reading.problems[1]?.message ?? "", /1GB/);
});

test("a plug-in with a wrong policy does not start", async () => {
  await assert.rejects(policyKit("rules: { privileged: maybe }"), /The policy has mistakes:\npolicy.text:1:/);
  await assert.rejects(policyKit("exceptions: [{ for: {}, rules: {} }]"), /for whom it is/);
});

test("binds: by words and by where links lead; read-only; a place alone; and never what gives the host", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "policy-"));
  context.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "data", "inner"), { recursive: true });
  await mkdir(join(folder, "only"));
  await symlink("/etc", join(folder, "data", "out"));
  await symlink(join(folder, "data", "inner"), join(folder, "data", "in"));
  await symlink("/nowhere", join(folder, "data", "dangling"));
  await symlink(join(folder, "data"), join(folder, "link"));
  const kit = await policyKit(
    `rules: { binds: { allow: [${folder}/link, { path: /usr/share, readOnly: true }, { path: ${folder}/only, below: false }, /var] } }`,
  );
  const bind = (text: string): Promise<string | undefined> => host(kit, { Binds: [text] });
  for (const text of [
    `${folder}/data/inner:/x`,
    `${folder}/link/inner/:/x`,
    `${folder}/data/in:/x`,
    `${folder}/data/not-yet/there:/x`,
    "/usr/share:/x:ro",
    `${folder}/only:/x`,
    "/var/log:/x",
  ]) {
    assert.equal(await bind(text), undefined, text);
  }
  for (const text of [
    `${folder}/data/out:/x`,
    `${folder}/data/out/passwd:/x`,
    `${folder}/data/dangling:/x`,
    `${folder}/data/../..:/x`,
    `${folder}/database:/x`,
    "/usr/share:/x",
    "/usr/share:/x:rw,z",
    `${folder}/only/below:/x`,
    "/var:/x",
    "/var/lib:/x",
    "/var/lib/docker/volumes:/x",
    "/var/run/docker.sock:/x",
    "/var/log:/x:rshared",
  ]) {
    assert.equal(await bind(text), "binds", text);
  }
  const mount = { Type: "bind", Source: "/usr/share", Target: "/x", ReadOnly: true } as const;
  assert.equal(await host(kit, { Mounts: [mount] }), undefined);
  assert.equal(await host(kit, { Mounts: [{ ...mount, BindOptions: { ReadOnlyNonRecursive: true } }] }), "binds");
  const options = { type: "none", o: "bind", device: `${folder}/data/inner` };
  const volume = (Options: Readonly<Record<string, string>>): HostConfig => ({
    Mounts: [{ Type: "volume", Target: "/x", VolumeOptions: { DriverConfig: { Options } } }],
  });
  assert.equal(await host(kit, volume(options)), undefined, "a volume that binds an allowed place");
  assert.equal(await host(kit, volume({ ...options, device: `${folder}/data/out` })), "binds");
});

test("images: full references, digests and ids", async () => {
  const kit = await policyKit('rules: { images: { allow: ["docker.io/library/*", "registry.example:5000/team/*"], deny: ["*:latest"] } }');
  const image = (Image: string): Promise<string | undefined> => refusal(kit, { Image });
  const digest = `sha256:${"a".repeat(64)}`;
  for (const name of [
    "debian:12",
    `debian@${digest}`,
    "index.docker.io/library/debian:12",
    "registry.example:5000/team/a/b:1",
    `debian:12@${digest}`,
  ]) {
    assert.equal(await image(name), undefined, name);
  }
  for (const name of [
    "debian",
    "debian:latest",
    "other/debian:1",
    "registry.example/team/a:1",
    "evil.example/docker.io/library/x:1",
    digest,
    "4bb46517cac3",
    "Debian:12",
    "",
  ]) {
    assert.equal(await image(name), "images", name);
  }
  const mount = { Type: "image", Source: "evil.example/x:1", Target: "/x" } as const;
  assert.equal(await refusal(kit, { Image: "debian:12", HostConfig: { Mounts: [mount] } }), "images");
  assert.equal((await kit.change("image.prePull", { reference: "evil.example/x:1", platform: null })).refused?.code, "images");
});

test("limits: a maximum must be there and is held in create and update, however it is written", async () => {
  const kit = await policyKit('rules: { limits: { memory: { min: 16Mi, max: 1Gi }, cpus: { max: "1.5" }, pids: { max: 100 } } }');
  const good = { Memory: 2 ** 30, NanoCpus: 15e8, PidsLimit: 100 };
  const wrong: readonly HostConfig[] = [
    { ...good, Memory: 0 },
    { ...good, Memory: 2 ** 30 + 1 },
    { ...good, Memory: 2n ** 63n - 1n },
    { ...good, Memory: 1000 },
    { ...good, MemorySwap: -1 },
    { ...good, MemorySwap: 2 ** 31 + 1 },
    { ...good, NanoCpus: 0 },
    { ...good, NanoCpus: 16e8 },
    { ...good, NanoCpus: 0, CpuQuota: 100_000, CpuPeriod: 1000 },
    { ...good, CpuQuota: 200_000 },
    { ...good, PidsLimit: -1 },
    { ...good, PidsLimit: null },
  ];
  for (const body of wrong)
    assert.equal(
      await host(kit, body),
      "limits",
      JSON.stringify(body, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
    );
  assert.equal(await host(kit, good), undefined);
  assert.equal(await host(kit, { ...good, NanoCpus: 0, CpuQuota: 150_000 }), undefined);
  const update = async (body: HostConfig): Promise<string | undefined> => (await kit.change("container.preUpdate", { body })).refused?.code;
  for (const body of [
    { Memory: 2 ** 31 },
    { Memory: -1 },
    { MemorySwap: -1 },
    { CpuPeriod: 1000 },
    { CpuQuota: 100_000 },
    { CpuQuota: -1, CpuPeriod: 1000 },
    { PidsLimit: 0 },
    { PidsLimit: -1 },
    { NanoCpus: 2e9 },
  ]) {
    assert.equal(await update(body), "limits", JSON.stringify(body));
  }
  for (const body of [{}, { Memory: 2 ** 29 }, { CpuQuota: 50_000, CpuPeriod: 100_000 }, { PidsLimit: 50 }])
    assert.equal(await update(body), undefined);
  assert.equal(
    (await kit.change("container.preCreate", create(), { door: "exec" })).refused,
    undefined,
    "an exec has no limits of its own",
  );
});

test("lists open what they name, and no more", async () => {
  const kit = await policyKit(`
rules:
  capabilities: [NET_ADMIN]
  namespaces: { network: ["*", "container:vpn"], pid: [host] }
  devices: [{ path: /dev/null, permissions: rw }]
  runtimes: [crun]
  securityOptions: ["seccomp=unconfined"]
  deviceRequests: [gpu, nvidia]
  volumes: { types: [nfs], from: [data] }
  ports: { addresses: [127.0.0.1], from: 8000, to: 8999, all: false }
  restart: { policies: ["no", on-failure], maximumRetries: 5 }
  labels: { required: [owner, { name: team, value: "team-*" }] }
  users: { root: false, allow: ["*"] }
`);
  const base: Body = { User: "1000", Labels: { owner: "a", team: "team-x" } };
  const check = async (HostConfig: HostConfig, rest: Body = {}): Promise<string | undefined> =>
    refusal(kit, { ...base, HostConfig, ...rest });
  const published = (HostIp: string, HostPort: string): HostConfig => ({ PortBindings: { "80/tcp": [{ HostIp, HostPort }] } });
  const nfs = (o: string): HostConfig => ({
    Mounts: [{ Type: "volume", Target: "/x", VolumeOptions: { DriverConfig: { Options: { type: "nfs", device: ":/x", o } } } }],
  });
  const allowed: readonly HostConfig[] = [
    { CapAdd: ["net_admin"], NetworkMode: "container:vpn", PidMode: "host", Runtime: "crun", SecurityOpt: ["seccomp:unconfined"] },
    {
      Devices: [{ PathOnHost: "/dev/../dev/null", CgroupPermissions: "r" }],
      DeviceRequests: [{ Driver: "nvidia", Capabilities: [["gpu"]] }],
    },
    { VolumesFrom: ["data:ro"], ...nfs("addr=10.0.0.1,nfsvers=4"), ...published("127.0.0.1", "8000-8010") },
    { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 5 } },
  ];
  for (const body of allowed) assert.equal(await check(body), undefined, JSON.stringify(body));
  const refused: readonly (readonly [string, HostConfig])[] = [
    ["capabilities", { CapAdd: ["CHOWN"] }],
    ["namespaces", { NetworkMode: "container:vpn2" }],
    ["namespaces", { NetworkMode: "host" }],
    ["devices", { Devices: [{ PathOnHost: "/dev/null" }] }],
    ["deviceRequests", { DeviceRequests: [{ Driver: "nvidia", DeviceIDs: ["vendor.com/x=1"] }] }],
    ["volumes", nfs("addr=10.0.0.1,bind ")],
    ["ports", published("", "8000")],
    ["ports", published("127.0.0.1", "8999-9001")],
    ["ports", published("127.0.0.1", "80")],
    ["ports", published("127.0.0.1", "8000/tcp")],
    ["ports", { PublishAllPorts: true }],
    ["restart", { RestartPolicy: { Name: "always" } }],
    ["restart", { RestartPolicy: { Name: "on-failure" } }],
  ];
  for (const [rule, body] of refused) assert.equal(await check(body), rule, JSON.stringify(body));
  assert.equal(await check({}, { Labels: { owner: "a", team: "other" } }), "labels");
  assert.equal(await check({}, { Labels: { owner: "", team: "team-x" } }), "labels");
  for (const User of ["", "root", "0", "00", "0:1000", "+0", "nobody", ":1000"]) assert.equal(await check({}, { User }), "users", User);
});

test("exceptions: by user, door, image and label; a caller without a name has none", async () => {
  const kit = await policyKit(`
rules: { exec: { labels: [owner] } }
exceptions:
  - { for: { users: ["admin-*"] }, rules: { privileged: true, namespaces: { network: [host] } } }
  - { for: { images: ["docker.io/library/netshoot:*"] }, rules: { capabilities: [NET_ADMIN] } }
  - { for: { users: [ci], doors: [exec] }, rules: { exec: { labels: [] } } }
`);
  const as = (user: string | null): Partial<CallFacts> => ({ client: { listener: "x", user } });
  const privileged: Body = { HostConfig: { Privileged: true } };
  assert.equal(await refusal(kit, privileged, as("admin-eve")), undefined);
  assert.equal(await refusal(kit, privileged, as("bob")), "privileged");
  assert.equal(await refusal(kit, privileged, as(null)), "privileged");
  assert.equal(await refusal(kit, privileged, { client: null }), "privileged");
  assert.equal(await refusal(kit, { Image: "netshoot:1", HostConfig: { CapAdd: ["NET_ADMIN"] } }), undefined);
  assert.equal(await refusal(kit, { Image: "debian:12", HostConfig: { CapAdd: ["NET_ADMIN"] } }), "capabilities");
  const exec = { door: "exec", container: { id: "a", name: "a", image: "debian:12", labels: {} } } as const;
  assert.equal(await refusal(kit, {}, exec), "exec");
  assert.equal(await refusal(kit, {}, { ...exec, container: { ...exec.container, labels: { owner: "x" } } }), undefined);
  assert.equal(await refusal(kit, {}, { ...exec, ...as("ci") }), undefined);
});
