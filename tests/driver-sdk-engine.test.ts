import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  createPoolIpam,
  defineLogDriver,
  defineNetworkDriver,
  driverError,
  joinParts,
  type LogEntry,
  openStateFile,
  type Pools,
  selectEntries,
} from "@outrigger/sdk/driver";
import { atEnd, docker } from "./support/container.ts";
import { legacyDriver } from "./support/legacy-driver.ts";
import { execute } from "./support/sandbox.ts";

const image = "debian:bookworm-slim";

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "outrigger-driver-"));
  atEnd(context, async () => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function done(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(...words);
  assert.equal(code, 0, `docker ${words.join(" ")}: ${stderr}`);
  return stdout.trim();
}

test("a network and its addresses by a driver of the SDK: a container on it reaches the host", { timeout: 120_000 }, async (context) => {
  const file = await openStateFile<Pools>(join(folder(context), "pools.json"), {});
  const second = randomBytes(1)[0] ?? 0;
  const ipam = createPoolIpam({
    file,
    bases: { v4: { subnet: `10.231.${second}.0/24`, length: 28 }, v6: { subnet: "fd00:231::/48", length: 64 } },
  });
  const tag = randomBytes(3).toString("hex");
  const link = `ort${tag}`;
  const ip = async (...words: string[]): Promise<void> => {
    const { code, stderr } = await execute("ip", words, "/");
    if (code !== 0) throw driverError(`ip ${words.join(" ")}: ${stderr}`);
  };
  const calls: string[] = [];
  let gateway = "";
  const { name: driver } = await legacyDriver(context, {
    ipam,
    network: defineNetworkDriver({
      scope: "local",
      createNetwork({ ipv4, options }, { method }) {
        calls.push(`${method} ${options["mode"]}`);
        gateway = ipv4[0]?.gateway ?? "";
      },
      deleteNetwork: (_, { method }) => void calls.push(method),
      async createEndpoint({ interface: given }, { method }) {
        calls.push(`${method} ${given.address}`);
        await ip("link", "add", `${link}h`, "type", "veth", "peer", "name", `${link}c`);
        await ip("addr", "add", gateway, "dev", `${link}h`);
        await ip("link", "set", `${link}h`, "up");
        return undefined;
      },
      deleteEndpoint: async (_, { method }) => {
        calls.push(method);
        await ip("link", "delete", `${link}h`);
      },
      join: () => ({ interfaceName: { source: `${link}c`, prefix: "eth" }, disableGatewayService: true }),
      leave: (_, { method }) => void calls.push(method),
    }),
  });
  atEnd(context, async () => execute("ip", ["link", "delete", `${link}h`], "/"));
  const network = `${driver}-net`;
  await done("network", "create", "--driver", driver, "--ipam-driver", driver, "--opt", "mode=l2", network);
  atEnd(context, () => docker("network", "rm", network));
  assert.equal(gateway, `10.231.${second}.1/28`);

  const server = createServer((connection) => connection.end("hello\n"));
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "0.0.0.0", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  atEnd(context, async () => server.close());
  const [host] = gateway.split("/");
  assert.equal(await done("run", "--rm", "--network", network, image, "bash", "-c", `cat < /dev/tcp/${host}/${port}`), "hello");
  assert.deepEqual(Object.values(file.state)[0]?.taken, [[host, host]], "the container's address was released");

  const taken = await docker(
    "network",
    "create",
    "--driver",
    driver,
    "--ipam-driver",
    driver,
    "--subnet",
    `10.231.${second}.0/28`,
    `${network}2`,
  );
  assert.match(taken.stderr, new RegExp(`the pool 10\\.231\\.${second}\\.0/28 is taken`), "an IPAM driver's refusal is told");
  await done("network", "rm", network);
  assert.deepEqual(file.state, {});
  assert.deepEqual(calls, [
    "NetworkDriver.CreateNetwork l2",
    `NetworkDriver.CreateEndpoint 10.231.${second}.2/28`,
    "NetworkDriver.Leave",
    "NetworkDriver.DeleteEndpoint",
    "NetworkDriver.DeleteNetwork",
  ]);
});

test("a log driver of the SDK keeps a container's lines, long ones whole, and gives them back", { timeout: 120_000 }, async (context) => {
  const logs = new Map<string, LogEntry[]>();
  const closed: string[] = [];
  const { name: driver, logged } = await legacyDriver(context, {
    log: defineLogDriver({
      async open({ containerId, config, containerName }, entries) {
        if (config["bad"] !== undefined) throw driverError("bad is no option");
        const kept = logs.get(containerId) ?? [];
        logs.set(containerId, kept);
        for await (const entry of joinParts(entries)) kept.push(entry);
        closed.push(containerName);
      },
      async *read({ containerId }, selection) {
        yield* selectEntries(
          (async function* () {
            yield* logs.get(containerId) ?? [];
          })(),
          selection,
        );
      },
    }),
  });
  const name = `${driver}-c`;
  const script = "echo one; echo two >&2; head -c 40000 /dev/zero | tr '\\0' x; echo; echo last";
  const id = await done("run", "--detach", "--name", name, "--log-driver", driver, image, "bash", "-c", script);
  atEnd(context, () => docker("rm", "--force", name));
  await done("wait", name);
  const lines = (list: readonly LogEntry[] = []): readonly string[] =>
    list.map(
      ({ source, line, part }) => `${source} ${line.length > 100 ? line.length : line.toString()}${part === undefined ? "" : " part"}`,
    );
  for (let tries = 0; tries < 100 && !closed.includes(name); tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([...lines(logs.get(id))].sort(), ["stderr two", "stdout 40000", "stdout last", "stdout one"]);
  const shown = await docker("logs", name);
  assert.equal(shown.stderr, "two\n");
  assert.ok(shown.stdout === `one\n${"x".repeat(40_000)}\nlast\n`, `${shown.stdout.length} bytes`);
  assert.equal((await docker("logs", "--tail", "1", name)).stdout.trim().split("\n").at(-1), "last");

  const refused = await docker("run", "--rm", "--log-driver", driver, "--log-opt", "bad=1", image, "true");
  assert.match(refused.stderr, /bad is no option/);
  assert.ok(!logged.some((line) => line.includes("within an entry")));
});
