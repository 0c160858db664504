import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Container, Pod, PodKey } from "@outrigger/pod";
import { pack } from "tar-stream";
import { createDockerClient, type DockerClient } from "../src/docker/client/client.ts";
import { execIn } from "../src/docker/client/exec.ts";
import { infraName, label, labelFilter } from "../src/docker/pod/names.ts";
import { createDockerRuntime } from "../src/index.ts";
import type { PodEvent, PodRuntime, PodStatus, RuntimeOptions } from "../src/runtime.ts";

/** A name that no other test uses. */
export function unique(prefix: string): string {
  return `${prefix}${randomBytes(4).toString("hex")}`;
}

export const client: DockerClient = createDockerClient();

/** An image of nothing but busybox, removed when the test file ends. */
export async function busyboxImage(
  t: TestContext | { after: (fn: () => Promise<void>) => void },
  engine: DockerClient = client,
): Promise<string> {
  const name = `${unique("rt-image-")}:1`;
  const archive = pack();
  archive.entry({ name: "bin/busybox", mode: 0o755 }, await readFile("/bin/busybox"));
  for (const tool of ["sh", "sleep", "wget", "httpd", "nslookup", "ping", "cat", "ls", "touch", "nc", "id"]) {
    archive.entry({ name: `bin/${tool}`, type: "symlink", linkname: "busybox" });
  }
  archive.entry({ name: "tmp", type: "directory", mode: 0o1777 });
  archive.finalize();
  const query = { fromSrc: "-", repo: name.split(":")[0], tag: "1", changes: "ENV PATH=/bin" };
  const answer = await engine.stream("POST", "/images/create", {
    query,
    body: Readable.from(archive),
    headers: { "content-type": "application/x-tar" },
  });
  for await (const _ of answer);
  t.after(async () => {
    await engine.call("DELETE", `/images/${name}`, { query: { force: true } });
  });
  return name;
}

const relayName = "outrigger-test/relay:1";

/** The name of an image with Perl and its programs in fixtures, made from debian:bookworm-slim, which has Perl. */
export async function relayImage(): Promise<string> {
  const archive = pack();
  for (const name of ["relay.pl", "get.pl"])
    archive.entry({ name, mode: 0o644 }, await readFile(new URL(`fixtures/${name}`, import.meta.url)));
  archive.entry({ name: "Dockerfile" }, "FROM debian:bookworm-slim\nCOPY relay.pl get.pl /\n");
  archive.finalize();
  const answer = await client.stream("POST", "/build", {
    query: { t: relayName },
    body: Readable.from(archive),
    headers: { "content-type": "application/x-tar" },
  });
  for await (const _ of answer);
  return relayName;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Runs a command in a container; gives its exit code and its last lines. */
export async function execute(
  id: string | undefined,
  ...command: readonly string[]
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const { exitCode, lines } = await execIn(client, id ?? "", command, { signal: AbortSignal.timeout(10_000), keep: 50 });
  return { exitCode, output: lines.join("\n") };
}

/** A container that does what a shell script says. */
export function shell(name: string, image: string, script: string, more: Partial<Container> = {}): Container {
  return {
    name,
    role: "app",
    image,
    command: ["/bin/sh", "-c", script],
    env: [],
    mounts: [],
    resources: { requests: {}, limits: {} },
    securityContext: {},
    terminationGracePeriodSeconds: 2,
    ...more,
  };
}

/** The part of a plug-in's container that the app's lacks. */
export function plugin(name: string, role: Container["role"], more: Partial<Container> = {}): Partial<Container> {
  return { role, plugin: { name, version: "1.0.0", type: role === "init" ? "init" : role === "network" ? "ingress" : "general" }, ...more };
}

// A shell as process 1 ignores SIGTERM unless it says otherwise.
export const sleeps = "trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done";

export function podOf(key: PodKey, containers: readonly Container[], more: Partial<Pod> = {}): Pod {
  return {
    ...key,
    name: `${key.application}-${key.component}`,
    containers,
    volumes: [],
    ports: [],
    replicas: 1,
    detours: [],
    exports: [],
    dependsOn: [],
    discovery: {},
    ...more,
  };
}

export interface Harness {
  readonly runtime: PodRuntime;
  readonly owner: string;
  readonly statuses: PodStatus[];
  readonly events: PodEvent[];
  readonly filesFolder: string;
  readonly key: (component: string) => PodKey;
}

const runtimes = new Map<string, readonly PodRuntime[]>();

/** A started runtime with an owner and an application of its own; all that is its own is removed when the test ends. */
export async function harness(t: TestContext, more: Partial<RuntimeOptions & { socket: string }> = {}): Promise<Harness> {
  const owner = more.owner ?? unique("owner-");
  const [team, application] = [unique("t"), unique("a")];
  const statuses: PodStatus[] = [];
  const events: PodEvent[] = [];
  const filesFolder = more.filesFolder ?? (await mkdtemp(join(tmpdir(), "outrigger-files-")));
  const runtime = createDockerRuntime({
    owner,
    secret: async (_, reference) => `the text of ${"item" in reference ? reference.item : reference.instance}`,
    credentials: async () => undefined,
    filesFolder,
    onNetworks: async () => {},
    onStatus: (status) => statuses.push(status),
    onEvent: (event) => events.push(event),
    ...more,
  });
  const together = runtimes.get(owner) ?? [];
  runtimes.set(owner, [...together, runtime]);
  await runtime.start();
  t.after(async () => {
    // One that still keeps pods would make again what is removed.
    await Promise.all((runtimes.get(owner) ?? []).map((each) => each.close()));
    await removeAllOf(owner);
    await rm(filesFolder, { recursive: true, force: true });
  });
  return { runtime, owner, statuses, events, filesFolder, key: (component) => ({ team, application, component }) };
}

/** Removes whatever of an owner is left on the engine. */
export async function removeAllOf(owner: string): Promise<void> {
  const query = { all: true, filters: labelFilter({ [label.owner]: owner }) };
  const containers = await client.call<readonly { Id: string }[]>("GET", "/containers/json", { query });
  await Promise.all(containers.map(({ Id }) => client.call("DELETE", `/containers/${Id}`, { query: { force: true, v: true } })));
  const { Volumes } = await client.call<{ Volumes: readonly { Name: string }[] | null }>("GET", "/volumes", { query });
  for (const { Name } of Volumes ?? []) await client.call("DELETE", `/volumes/${Name}`);
  const networks = await client.call<readonly { Id: string }[]>("GET", "/networks", { query });
  for (const { Id } of networks) await client.call("DELETE", `/networks/${Id}`);
}

/** Waits until `found` gives something; fails with what `describe` says after `limit` milliseconds. */
export async function until<T>(
  what: string,
  found: () => T | undefined | false | Promise<T | undefined | false>,
  limit = 15_000,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    const value = await found();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new DOMException(`waited ${limit} ms in vain: ${what}`, "TimeoutError");
    await sleep(25);
  }
}

/** How one of a component's pods fares. */
export function statusOf(runtime: PodRuntime, key: PodKey, replica = 0): PodStatus | undefined {
  return runtime.statuses(key).find((status) => status.replica === replica);
}

/** Waits for a pod's state; a failure shows the last status. */
export async function untilState(
  runtime: PodRuntime,
  key: PodKey,
  state: PodStatus["state"],
  limit = 15_000,
  replica = 0,
): Promise<PodStatus> {
  try {
    return await until(state, () => [statusOf(runtime, key, replica)].find((status) => status?.state === state), limit);
  } catch (error) {
    throw new DOMException(`${(error as Error).message}; last: ${JSON.stringify(runtime.statuses(key))}`, "TimeoutError");
  }
}

/** Ids of a pod's containers by name; its infra container has no name, and what has laid its redirects is called so. */
export async function idsOf(key: PodKey, replica = 0): Promise<Readonly<Record<string, string>>> {
  const query = { all: true, filters: { name: [`^/${infraName({ ...key, replica }).replaceAll(".", "\\.")}(\\.|$)`] } };
  const list = await client.call<readonly { Id: string; Labels: Record<string, string> }[]>("GET", "/containers/json", { query });
  return Object.fromEntries(
    list.map(({ Id, Labels }) => [Labels[label.container] ?? (Labels[label.ways] === undefined ? "" : "redirects"), Id]),
  );
}
