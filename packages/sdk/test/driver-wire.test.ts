import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allow,
  type CallContext,
  type Drivers,
  defineAuthzPlugin,
  defineIpamDriver,
  defineNetworkDriver,
  defineVolumeDriver,
  deny,
  driverError,
  type NetworkDriver,
} from "@outrigger/sdk/driver";
import { type DriverTest, testDriver } from "@outrigger/sdk/driver/test-kit";

/** Every call that reaches the driver, with what it was given. */
type Seen = (readonly [method: string, request: unknown])[];

const nothing = (): undefined => undefined;

function volumes(seen: Seen = []): Drivers {
  const keep = (request: unknown, { method }: CallContext): void => void seen.push([method, request]);
  return {
    volume: defineVolumeDriver({
      scope: "global",
      create: keep,
      remove: keep,
      unmount: keep,
      mount(request, context) {
        keep(request, context);
        return request.name === "nowhere" ? "" : `/data/${request.name}`;
      },
      path: ({ name }) => (name === "idle" ? undefined : `/data/${name}`),
      get: ({ name }) =>
        name === "there"
          ? { name, mountpoint: "/data/there", createdAt: new Date("2026-01-02T03:04:05Z"), status: { size: 1 } }
          : undefined,
      list: () => [{ name: "there" }],
    }),
  };
}

async function answers(kit: DriverTest, calls: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  const found: Record<string, unknown> = {};
  for (const [method, args] of Object.entries(calls)) found[method] = (await kit.call(method, args)).answer;
  return found;
}

test("volumes: answers have the shapes of the protocol", async () => {
  const kit = await testDriver(volumes());
  const calls = {
    "Plugin.Activate": undefined,
    "VolumeDriver.Capabilities": {},
    "VolumeDriver.Create": { Name: "there", Opts: { size: "1" } },
    "VolumeDriver.Mount": { Name: "there", ID: "1" },
    "VolumeDriver.Path": { Name: "idle" },
    "VolumeDriver.Get": { Name: "there" },
    "VolumeDriver.List": {},
    "VolumeDriver.Unmount": { Name: "there", ID: "1" },
    "VolumeDriver.Remove": { Name: "there" },
  };
  assert.deepEqual(await answers(kit, calls), {
    "Plugin.Activate": { Implements: ["VolumeDriver"] },
    "VolumeDriver.Capabilities": { Capabilities: { Scope: "global" } },
    "VolumeDriver.Create": { Err: "" },
    "VolumeDriver.Mount": { Mountpoint: "/data/there", Err: "" },
    "VolumeDriver.Path": { Mountpoint: "", Err: "" },
    "VolumeDriver.Get": {
      Volume: { Name: "there", Mountpoint: "/data/there", CreatedAt: "2026-01-02T03:04:05.000Z", Status: { size: 1 } },
      Err: "",
    },
    "VolumeDriver.List": { Volumes: [{ Name: "there" }], Err: "" },
    "VolumeDriver.Unmount": { Err: "" },
    "VolumeDriver.Remove": { Err: "" },
  });
  assert.equal((await kit.call("VolumeDriver.Get", { Name: "absent" })).error, "no such volume: absent");
  assert.ok(
    !kit.logged.some(({ level }) => level !== "debug"),
    "a volume that is not there is nothing to log: engines ask before they create",
  );
});

test("arguments: null maps are empty, keys are read in any case, as Go reads them", async () => {
  const seen: Seen = [];
  const kit = await testDriver(volumes(seen));
  await kit.call("VolumeDriver.Create", { Name: "a", Opts: null });
  await kit.call("VolumeDriver.Create", { name: "b", OPTS: { size: "1" } });
  await kit.call("VolumeDriver.Mount", { Name: "a", ID: "1", Newer: [1] });
  assert.deepEqual(seen, [
    ["VolumeDriver.Create", { name: "a", options: {} }],
    ["VolumeDriver.Create", { name: "b", options: { size: "1" } }],
    ["VolumeDriver.Mount", { name: "a", id: "1" }],
  ]);
});

test("arguments that are missing or wrong never reach the driver; the answer names the field and not its value", async () => {
  const seen: Seen = [];
  const kit = await testDriver(volumes(seen));
  const wrong: readonly (readonly [unknown, string])[] = [
    [undefined, "VolumeDriver.Create: The call came without its arguments."],
    [{}, "VolumeDriver.Create: Name is missing, where a text is expected."],
    [{ Name: "" }, "VolumeDriver.Create: Name is empty, where a text is expected."],
    [{ Name: ["secret"] }, "VolumeDriver.Create: Name is a list, where a text is expected."],
    [{ Name: "a", Opts: { size: 1 } }, "VolumeDriver.Create: Opts.size is a number, where a text is expected."],
    [[1], "VolumeDriver.Create: the body is a list, where an object is expected."],
  ];
  for (const [args, error] of wrong)
    assert.deepEqual(await kit.call("VolumeDriver.Create", args).then(({ status, error: e }) => [status, e]), [400, error]);
  assert.deepEqual(seen, []);
});

test("what a driver throws is answered by its message alone; only what it did not mean to throw is logged with its stack", async () => {
  const refuse = (thrown: unknown): Drivers => {
    const { volume } = volumes();
    assert.ok(volume);
    return {
      volume: {
        ...volume,
        create: () => {
          throw thrown;
        },
      },
    };
  };
  for (const [thrown, message, level] of [
    [driverError("the disk is full"), "the disk is full", "info"],
    [new TypeError("x is undefined"), "x is undefined", "error"],
    ["a text", "a text", "error"],
    [new RangeError(""), "the driver failed without a word", "error"],
  ] as const) {
    const kit = await testDriver(refuse(thrown));
    const { status, answer } = await kit.call("VolumeDriver.Create", { Name: "a" });
    assert.deepEqual([status, answer], [200, { Err: message }]);
    const line = kit.logged.at(-1);
    assert.deepEqual([line?.["level"], line?.["method"]], [level, "VolumeDriver.Create"]);
    assert.equal(typeof line?.["stack"] === "string", thrown instanceof TypeError || thrown instanceof RangeError);
  }
});

test("an answer that would harm the engine is an error that says why", async () => {
  const kit = await testDriver(volumes());
  assert.match((await kit.call("VolumeDriver.Mount", { Name: "nowhere", ID: "1" })).error ?? "", /absolute path is expected/);
});

/** Bodies as an Engine 20.10 was seen to send them. */
const networkCalls = {
  "NetworkDriver.CreateNetwork": {
    NetworkID: "n1",
    Options: { "com.docker.network.enable_ipv6": false, "com.docker.network.generic": { mtu: "1400" } },
    IPv4Data: [{ AddressSpace: "plxlocal", AuxAddresses: { h1: "10.77.0.200/24" }, Gateway: "10.77.0.2/24", Pool: "10.77.0.0/24" }],
    IPv6Data: [],
  },
  "NetworkDriver.CreateEndpoint": {
    NetworkID: "n1",
    EndpointID: "e1",
    Interface: { Address: "10.77.0.3/24", AddressIPv6: "", MacAddress: "" },
    Options: { "com.docker.network.portmap": [] },
  },
  "NetworkDriver.EndpointOperInfo": { NetworkID: "n1", EndpointID: "e1" },
  "NetworkDriver.Join": { NetworkID: "n1", EndpointID: "e1", SandboxKey: "/var/run/docker/netns/1", Options: null },
  "NetworkDriver.Leave": { NetworkID: "n1", EndpointID: "e1" },
  "NetworkDriver.DeleteEndpoint": { NetworkID: "n1", EndpointID: "e1" },
  "NetworkDriver.DeleteNetwork": { NetworkID: "n1" },
};

function network(more: Partial<NetworkDriver> = {}, seen: Seen = []): Drivers {
  const keep = (request: unknown, { method }: CallContext): undefined => void seen.push([method, request]);
  return {
    network: defineNetworkDriver({
      scope: "local",
      createNetwork: keep,
      deleteNetwork: keep,
      createEndpoint: keep,
      deleteEndpoint: keep,
      join: keep,
      leave: keep,
      ...more,
    }),
  };
}

test("networks: what an engine sends arrives in plain shapes, and methods left away do what engines tolerate", async () => {
  const seen: Seen = [];
  const kit = await testDriver(network({}, seen));
  assert.deepEqual(await answers(kit, { "NetworkDriver.GetCapabilities": undefined, ...networkCalls }), {
    "NetworkDriver.GetCapabilities": { Scope: "local" },
    "NetworkDriver.CreateNetwork": {},
    "NetworkDriver.CreateEndpoint": {},
    "NetworkDriver.EndpointOperInfo": { Value: {} },
    "NetworkDriver.Join": {},
    "NetworkDriver.Leave": {},
    "NetworkDriver.DeleteEndpoint": {},
    "NetworkDriver.DeleteNetwork": {},
  });
  const names = { networkId: "n1", endpointId: "e1" };
  assert.deepEqual(seen.slice(0, 3), [
    [
      "NetworkDriver.CreateNetwork",
      {
        networkId: "n1",
        options: { mtu: "1400" },
        engineOptions: networkCalls["NetworkDriver.CreateNetwork"].Options,
        ipv4: [{ addressSpace: "plxlocal", pool: "10.77.0.0/24", gateway: "10.77.0.2/24", auxAddresses: { h1: "10.77.0.200/24" } }],
        ipv6: [],
      },
    ],
    [
      "NetworkDriver.CreateEndpoint",
      { ...names, interface: { address: "10.77.0.3/24" }, engineOptions: { "com.docker.network.portmap": [] } },
    ],
    ["NetworkDriver.Join", { ...names, sandboxKey: "/var/run/docker/netns/1", engineOptions: {} }],
  ]);
  const program = await kit.call("NetworkDriver.ProgramExternalConnectivity", { NetworkID: "n1", EndpointID: "e1", Options: {} });
  const gateway = await kit.call("NetworkDriver.GwAllocCheck", { Options: {} });
  assert.deepEqual([program.status, gateway.status], [404, 404]);
  assert.deepEqual((await kit.call("NetworkDriver.AllocateNetwork", { NetworkID: "n1", IPv4Data: null })).answer, { Options: {} });
  assert.deepEqual((await kit.call("NetworkDriver.DiscoverNew", { DiscoveryType: 1, DiscoveryData: { Address: "10.0.0.1" } })).answer, {});
});

test("networks: what a driver gives goes out under the protocol's names, newer engines' too", async () => {
  const nodes: unknown[] = [];
  const kit = await testDriver(
    network({
      connectivityScope: "global",
      createEndpoint: () => ({ macAddress: "02:42:0a:4d:00:03" }),
      join: () => ({
        interfaceName: { source: "veth1", prefix: "eth", name: "eth7" },
        gateway: "10.77.0.1",
        staticRoutes: [{ destination: "10.1.0.0/16", nextHop: "10.77.0.9" }, { destination: "10.2.0.0/16" }],
        disableGatewayService: true,
      }),
      endpointInfo: () => ({ vlan: 4 }),
      checkGatewayAllocation: ({ options }) => ({ skipIPv4: options["mode"] === "l2", skipIPv6: false }),
      programExternalConnectivity: nothing,
      nodeDiscovered: (node) => void nodes.push(node),
    }),
  );
  const calls = {
    ...networkCalls,
    "NetworkDriver.GetCapabilities": undefined,
    "NetworkDriver.GwAllocCheck": { Options: { "com.docker.network.generic": { mode: "l2" } } },
    "NetworkDriver.ProgramExternalConnectivity": { NetworkID: "n1", EndpointID: "e1", Options: null },
    "NetworkDriver.DiscoverNew": { DiscoveryType: 1, DiscoveryData: { Address: "10.0.0.1", BindAddress: "0.0.0.0", Self: true } },
  };
  const found = await answers(kit, calls);
  assert.deepEqual(found["NetworkDriver.GetCapabilities"], { Scope: "local", ConnectivityScope: "global", GwAllocChecker: true });
  assert.deepEqual(found["NetworkDriver.GwAllocCheck"], { SkipIPv4: true, SkipIPv6: false });
  assert.deepEqual(found["NetworkDriver.CreateEndpoint"], { Interface: { Address: "", AddressIPv6: "", MacAddress: "02:42:0a:4d:00:03" } });
  assert.deepEqual(found["NetworkDriver.EndpointOperInfo"], { Value: { vlan: 4 } });
  assert.deepEqual(found["NetworkDriver.Join"], {
    InterfaceName: { SrcName: "veth1", DstPrefix: "eth", DstName: "eth7" },
    Gateway: "10.77.0.1",
    StaticRoutes: [
      { Destination: "10.1.0.0/16", RouteType: 0, NextHop: "10.77.0.9" },
      { Destination: "10.2.0.0/16", RouteType: 1, NextHop: "" },
    ],
    DisableGatewayService: true,
  });
  assert.deepEqual(nodes, [{ address: "10.0.0.1", bindAddress: "0.0.0.0", self: true }]);
});

test("networks: a driver that answers what the engine has given already is told so", async () => {
  const kit = await testDriver(network({ createEndpoint: () => ({ address: "10.77.0.4/24" }) }));
  const { error } = await kit.call("NetworkDriver.CreateEndpoint", networkCalls["NetworkDriver.CreateEndpoint"]);
  assert.match(error ?? "", /address 10\.77\.0\.4\/24, where no other than the one that the engine has given is expected/);
  const short = await testDriver(network({ createEndpoint: () => ({ addressIPv6: "fd00::1" }) }));
  assert.match(
    (await short.call("NetworkDriver.CreateEndpoint", networkCalls["NetworkDriver.CreateEndpoint"])).error ?? "",
    /with its length/,
  );
});

test("addresses: requests, answers, and errors under the key that engines read for them", async () => {
  const seen: Seen = [];
  const keep = (request: unknown, { method }: CallContext): void => void seen.push([method, request]);
  const kit = await testDriver({
    ipam: defineIpamDriver({
      requiresMacAddress: true,
      requestPool(request, context) {
        keep(request, context);
        return { poolId: "p1", pool: request.pool ?? "10.9.0.0/24" };
      },
      releasePool: keep,
      requestAddress(request, context) {
        keep(request, context);
        if (request.address === "10.9.0.9") throw driverError("10.9.0.9 is taken");
        return { address: request.address === "10.9.0.8" ? "10.9.0.8" : "10.9.0.2/24" };
      },
      releaseAddress: keep,
    }),
  });
  const calls = {
    "IpamDriver.GetCapabilities": undefined,
    "IpamDriver.GetDefaultAddressSpaces": undefined,
    "IpamDriver.RequestPool": { AddressSpace: "LocalDefault", Pool: "", SubPool: "", Options: null, V6: false },
    "IpamDriver.RequestAddress": { PoolID: "p1", Address: "", Options: { RequestAddressType: "com.docker.network.gateway" } },
    "IpamDriver.ReleaseAddress": { PoolID: "p1", Address: "10.9.0.2" },
    "IpamDriver.ReleasePool": { PoolID: "p1" },
  };
  assert.deepEqual(await answers(kit, calls), {
    "IpamDriver.GetCapabilities": { RequiresMACAddress: true, RequiresRequestReplay: false },
    "IpamDriver.GetDefaultAddressSpaces": { LocalDefaultAddressSpace: "LocalDefault", GlobalDefaultAddressSpace: "GlobalDefault" },
    "IpamDriver.RequestPool": { PoolID: "p1", Pool: "10.9.0.0/24", Data: {} },
    "IpamDriver.RequestAddress": { Address: "10.9.0.2/24", Data: {} },
    "IpamDriver.ReleaseAddress": {},
    "IpamDriver.ReleasePool": {},
  });
  assert.deepEqual(seen[0], ["IpamDriver.RequestPool", { addressSpace: "LocalDefault", options: {}, v6: false }]);
  assert.deepEqual(seen[1], [
    "IpamDriver.RequestAddress",
    { poolId: "p1", gateway: true, options: { RequestAddressType: "com.docker.network.gateway" } },
  ]);
  const mac = { "com.docker.network.endpoint.macaddress": "02:42:00:00:00:01" };
  const refused = await kit.call("IpamDriver.RequestAddress", { PoolID: "p1", Address: "10.9.0.9", Options: mac });
  assert.deepEqual([refused.status, refused.answer], [200, { Error: "10.9.0.9 is taken" }]);
  assert.deepEqual(seen.at(-1)?.[1], {
    poolId: "p1",
    address: "10.9.0.9",
    macAddress: mac["com.docker.network.endpoint.macaddress"],
    gateway: false,
    options: mac,
  });
  const short = await kit.call("IpamDriver.RequestAddress", { PoolID: "p1", Address: "10.9.0.8", Options: null });
  assert.match(short.error ?? "", /10\.9\.0\.8, where an address with its length is expected/);
});

test("authorisation: bodies are decoded, and whatever is not plainly allowed is refused", async () => {
  const kit = await testDriver({
    authz: defineAuthzPlugin({
      request({ method, uri, body, peerCertificates }) {
        if (uri.endsWith("/fail")) throw new TypeError("broken");
        if (uri.endsWith("/odd")) return { allow: "yes" } as never;
        if (uri.endsWith("/none")) return undefined as never;
        assert.deepEqual(peerCertificates, ["-----BEGIN"]);
        return method === "GET" || body?.toString() === '{"Image":"a"}' ? allow : deny("not here");
      },
      response: ({ response }) => (response.status === 200 && response.body?.toString() === "ok" ? allow : deny("kept back")),
    }),
  });
  assert.deepEqual((await kit.call("Plugin.Activate")).answer, { Implements: ["authz"] });
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  const request = { RequestMethod: "POST", RequestUri: "/v1.41/containers/create", RequestPeerCertificates: [encoded("-----BEGIN")] };
  const ask = async (more: object, method = "AuthZReq"): Promise<unknown> =>
    (await kit.call(`AuthZPlugin.${method}`, { ...request, ...more })).answer;
  assert.deepEqual(await ask({ RequestBody: encoded('{"Image":"a"}') }), { Allow: true });
  assert.deepEqual(await ask({ RequestBody: encoded('{"Image":"b"}') }), { Allow: false, Msg: "not here" });
  assert.deepEqual(await ask({}), { Allow: false, Msg: "not here" });
  assert.deepEqual(await ask({ RequestUri: "/fail" }), { Allow: false, Msg: "broken", Err: "broken" });
  for (const uri of ["/odd", "/none"]) assert.equal(((await ask({ RequestUri: uri })) as { Allow: boolean }).Allow, false);
  assert.deepEqual(await ask({ ResponseStatusCode: 200, ResponseBody: encoded("ok") }, "AuthZRes"), { Allow: true });
  assert.deepEqual(await ask({ ResponseStatusCode: 200 }, "AuthZRes"), { Allow: false, Msg: "kept back" });
  const empty = await kit.call("AuthZPlugin.AuthZReq");
  assert.deepEqual([empty.status, empty.answer["Allow"]], [400, false]);
});

test("several interfaces on one socket, and none at all is a mistake", async () => {
  const kit = await testDriver({ ...volumes(), ...network(), metrics: { start: nothing, stop: nothing } });
  assert.deepEqual((await kit.call("Plugin.Activate")).answer, { Implements: ["VolumeDriver", "NetworkDriver", "MetricsCollector"] });
  assert.deepEqual((await kit.call("MetricsCollector.StartMetrics")).answer, { Err: "" });
  assert.equal((await kit.call("VolumeDriver.Nope", {})).status, 404);
  assert.equal((await kit.call("__proto__", {})).status, 404);
  await assert.rejects(testDriver({}), { code: "driver-interface-missing" });
});

test("a call that lasts too long is answered, its signal aborted; what comes later is dropped", async () => {
  const aborted = Promise.withResolvers<void>();
  const { volume } = volumes();
  assert.ok(volume);
  const list = async (context: CallContext): Promise<readonly never[]> => {
    assert.ok((context.deadline ?? 0) > Date.now() - 1000);
    context.signal.addEventListener("abort", () => aborted.resolve());
    await aborted.promise;
    return [];
  };
  const kit = await testDriver({ volume: { ...volume, list } }, { limit: 20 });
  assert.equal((await kit.call("VolumeDriver.List", {})).error, "VolumeDriver.List took longer than 0.02 s.");
  await aborted.promise;
});
