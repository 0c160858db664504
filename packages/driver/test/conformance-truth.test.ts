import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { testDriver } from "@outrigger/driver";
import { engineForDrivers } from "../../../tests/support/driver-plugin.ts";
import { type RecordedRequest, recordingDriver } from "./support/recording-driver.ts";

const image = "debian:bookworm-slim";
const interfaces = ["VolumeDriver", "NetworkDriver", "IpamDriver", "LogDriver"];

/** What answers well enough for the engine to go on. */
function answersIn(folder: string): Parameters<typeof recordingDriver>[2] {
  const volumes = new Set<unknown>();
  const mountpoint = (name: unknown): string => {
    mkdirSync(join(folder, String(name)), { recursive: true });
    return join(folder, String(name));
  };
  let addresses = 1;
  const nextAddress = (): string => {
    addresses += 1;
    return `198.18.201.${addresses}`;
  };
  return {
    "Plugin.Activate": () => ({ Implements: interfaces }),
    "VolumeDriver.Capabilities": () => ({ Capabilities: { Scope: "local" } }),
    "VolumeDriver.Create": ({ Name }) => void volumes.add(Name),
    "VolumeDriver.Get": ({ Name }) => (volumes.has(Name) ? { Volume: { Name, Mountpoint: mountpoint(Name) } } : { Err: "no such volume" }),
    "VolumeDriver.List": () => ({ Volumes: [...volumes].map((Name) => ({ Name })) }),
    "VolumeDriver.Path": ({ Name }) => ({ Mountpoint: mountpoint(Name) }),
    "VolumeDriver.Mount": ({ Name }) => ({ Mountpoint: mountpoint(Name) }),
    "VolumeDriver.Remove": ({ Name }) => void volumes.delete(Name),
    "NetworkDriver.GetCapabilities": () => ({ Scope: "local" }),
    "IpamDriver.GetCapabilities": () => ({ RequiresMACAddress: true }),
    "IpamDriver.GetDefaultAddressSpaces": () => ({ LocalDefaultAddressSpace: "local", GlobalDefaultAddressSpace: "global" }),
    "IpamDriver.RequestPool": ({ Pool }) => ({ PoolID: "p1", Pool, Data: {} }),
    "IpamDriver.RequestAddress": ({ Address }) => ({ Address: `${Address || nextAddress()}/24`, Data: {} }),
    "LogDriver.ReadLogs": () => "",
    "LogDriver.Capabilities": () => ({ Cap: { ReadLogs: true } }),
  };
}

/** Everything that an engine sends to a driver in the life of a volume, a network, an address and a container's log. */
async function sentByEngine(context: TestContext, folder: string): Promise<readonly RecordedRequest[]> {
  const driver = `conformance${randomBytes(4).toString("hex")}`;
  const engine = await engineForDrivers(context);
  const requests = await recordingDriver(context, join(engine.pluginsFolder, `${driver}.sock`), answersIn(folder));
  const docker = async (...words: readonly string[]): Promise<void> =>
    void (await promisify(execFile)("docker", ["--host", engine.host, ...words], { timeout: 60_000 }));
  const network = ["network", "create", "--subnet", "198.18.201.0/24", "--gateway", "198.18.201.1", "-o", "mtu=1400"];
  await docker("volume", "create", "-d", driver, driver);
  await docker("run", "--rm", "--name", driver, "--network", "none", "-v", `${driver}:/data`, image, "true");
  await docker("volume", "rm", driver);
  for (const extra of [[], ["--ipam-driver", driver, "--aux-address", "one=198.18.201.9"]]) {
    await docker(...network, ...extra, "-d", driver, driver);
    await docker("run", "--rm", "--name", driver, "--network", driver, image, "true");
    await docker("network", "rm", driver);
  }
  await docker("run", "--name", driver, "--network", "none", "--log-driver", driver, image, "sh", "-c", "echo hi >&2");
  await docker("logs", driver);
  await docker("rm", driver);
  // This engine has its files elsewhere.
  return requests.map((request) => ({ ...request, body: request.body.replaceAll(join(engine.folder, "run"), "/var/run/docker") }));
}

async function sentByTool(context: TestContext, folder: string): Promise<readonly RecordedRequest[]> {
  const address = join(folder, "driver.sock");
  const requests = await recordingDriver(context, address, answersIn(folder));
  const only = [
    "activation.answers",
    "volume.create-null-options",
    "volume.mount",
    "volume.remove",
    "network.capabilities",
    "network.create",
    "network.endpoint-given-fields",
    "network.lifecycle",
    "ipam.lifecycle",
    "log.read",
  ];
  await testDriver({ address, root: folder, only, networkOptions: { mtu: "1400" } });
  return requests;
}

/** A value as its kinds: what is an id, an address, a time or a text of its own; everything else as it is. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
  if (typeof value === "object" && value !== null) return Object.entries(value).map(([key, inner]) => [key, shape(inner)]);
  if (typeof value !== "string" || value === "") return value;
  if (/^(sha256:)?[0-9a-f]{64}$/.test(value)) return "id";
  if (/^\d+(\.\d+){3}(\/\d+)?$/.test(value)) return value.includes("/") ? "address/length" : "address";
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return value.startsWith("0001") ? value : "time";
  const place = /^(\/run\/docker\/logging|\/var\/run\/docker\/netns)\/[0-9a-f]+$/.exec(value)?.[1];
  if (place !== undefined) return `${place}/id`;
  return /^\/?conformance/.test(value) ? "name" : "text";
}

function forms(requests: readonly RecordedRequest[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byMethod = Map.groupBy(requests, ({ method }) => method);
  const form = ({ head, body }: RecordedRequest): string => {
    const lines = head.map((line) => line.replace(/^Content-Length: [1-9]\d*$/, "Content-Length: more"));
    return JSON.stringify([lines, body === "" ? "no body" : shape(JSON.parse(body)), body.endsWith("\n")]);
  };
  return new Map([...byMethod].map(([method, list]) => [method, new Set(list.map(form))]));
}

test("the tool sends what dockerd sends: the same heads, and bodies with the same fields in the same order", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-truth-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const engine = await sentByEngine(context, folder);
  const tool = await sentByTool(context, folder);
  const [expected, found] = [forms(engine), forms(tool)];
  assert.ok(expected.size >= 20, `dockerd sent ${[...expected.keys()].join(", ")}`);
  for (const [method, wanted] of expected) {
    for (const form of wanted)
      assert.ok(
        found.get(method)?.has(form),
        `${method}\ndockerd: ${form}\ntool:    ${[...(found.get(method) ?? [])].join("\n         ")}`,
      );
  }
  const order = (requests: readonly RecordedRequest[], methods: readonly string[]): string =>
    requests
      .map(({ method }) => method)
      .filter((method) => methods.includes(method))
      .join();
  const life = ["CreateNetwork", "CreateEndpoint", "Join", "Leave", "DeleteEndpoint", "DeleteNetwork"].map(
    (name) => `NetworkDriver.${name}`,
  );
  assert.equal(order(engine, life), [...life, ...life].join());
  assert.ok(order(tool, life).includes(life.join()), order(tool, life));
  const addresses = ["RequestPool", "RequestAddress", "ReleaseAddress", "ReleasePool"].map((name) => `IpamDriver.${name}`);
  assert.ok(order(tool, addresses).startsWith(order(engine, addresses)), `${order(engine, addresses)}\n${order(tool, addresses)}`);
});

test("a network's options reach AllocateNetwork, as a swarm's manager sends them: without the engine's own", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-truth-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const address = join(folder, "driver.sock");
  const requests = await recordingDriver(context, address, {
    ...answersIn(folder),
    "NetworkDriver.GetCapabilities": () => ({ Scope: "global" }),
  });
  await testDriver({ address, only: ["network.allocate"], networkOptions: { parent: "eth0" } });
  const asked = requests.find(({ method }) => method === "NetworkDriver.AllocateNetwork");
  assert.deepEqual((JSON.parse(asked?.body ?? "{}") as { Options?: unknown }).Options, { parent: "eth0" });
});

test("JSON is escaped as Go's encoder does", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-truth-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const requests = await sentByTool(context, folder);
  const start = requests.find(({ method }) => method === "LogDriver.StartLogging");
  assert.match(start?.body ?? "", /echo hi \\u003e\\u00262/);
});
