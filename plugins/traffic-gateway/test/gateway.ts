import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PodPluginSpec } from "@outrigger/plugin";
import { type DiscoveryDocument, type DiscoveryPort, type DiscoveryService, renderFile } from "@outrigger/pod";
import type { DockerClient } from "@outrigger/runtime";
import { createDockerClient } from "@outrigger/runtime";
import { freePort } from "../../../tests/support/sandbox.ts";
import { documentOf, type GatewayName, gatewayFile, gatewaySpec } from "./documents.ts";
import { gatewayImage } from "./gateway-image.ts";

/** What a test hands over to be called when it ends. */
export interface Ending {
  readonly after: (work: () => Promise<void> | void) => void;
}

/** A gateway's container in the host's network, fed with settings as the platform does it. */
export interface Gateway {
  readonly spec: PodPluginSpec;
  readonly metricsPort: number;
  /** A port on which the gateway may listen. */
  readonly listen: number;
  /** Writes, checks, replaces and reloads; ends when the former configuration takes no more connections. @throws what the check said */
  readonly apply: (entries: Entries) => Promise<void>;
  readonly run: (...command: string[]) => Promise<{ readonly code: number; readonly output: string }>;
  readonly log: () => Promise<string>;
  /** Bytes in use. */
  readonly memory: () => Promise<number>;
  /** Where /etc/gateway is on this machine. */
  readonly folder: string;
}

export interface Entries {
  readonly ports?: readonly DiscoveryPort<string>[];
  readonly services?: readonly DiscoveryService<string>[];
  readonly accessLog?: boolean;
}

/** Starts a gateway as its plugin.yaml says: user, read-only root, no capabilities, memory limit. Gone when the test ends. */
export async function startGateway(context: Ending, name: GatewayName): Promise<Gateway> {
  const spec = gatewaySpec(name);
  const file = gatewayFile(spec);
  const [image, metricsPort, listen] = [await gatewayImage(), await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), "outrigger-gateway-"));
  chmodSync(folder, 0o755);
  const document = ({ ports = [], services = [], accessLog = false }: Entries): DiscoveryDocument<string> =>
    documentOf(ports, services, { METRICS_PORT: String(metricsPort), ACCESS_LOG: String(accessLog) });
  const text = join(folder, "haproxy.cfg");
  writeFileSync(text, renderFile(file, document({})));
  const client = createDockerClient();
  const id = await startContainer(client, spec, image, folder);
  context.after(async () => {
    await client.call("DELETE", `/containers/${id}`, { query: { force: true } });
    client.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (...command: string[]): Promise<{ code: number; output: string }> => execute(client, id, command);
  const log = async (): Promise<string> =>
    plain(await Array.fromAsync(await client.stream("GET", `/containers/${id}/logs`, { query: { stdout: true, stderr: true } })));
  await until("the gateway's readiness", () =>
    fetch(`http://127.0.0.1:${metricsPort}/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const stops = (written: string, name: string): number => written.split(`Proxy ${name} stopped`).length;
  const apply = async (entries: Entries): Promise<void> => {
    writeFileSync(`${text}.next`, renderFile(file, document(entries)));
    const { code, output } = await run(...(file.check ?? []).map((word) => word.replace("{}", `${file.path}.next`)));
    assert.equal(code, 0, output);
    const old = [...readFileSync(text, "utf8").matchAll(/^frontend (\S+)/gm)].map(([, frontend = ""]) => frontend);
    const before = await log();
    renameSync(`${text}.next`, text);
    const reload = (): Promise<unknown> => client.call("POST", `/containers/${id}/kill`, { query: { signal: file.reload?.signal } });
    await reload();
    // Until its last frontend has stopped, the old worker may still take calls, by the old settings.
    let now = "";
    const isLoaded = async (): Promise<boolean> => {
      now = await log();
      return old.every((frontend) => stops(now, frontend) > stops(before, frontend));
    };
    // Asked for once more where nothing has come of it: what is tested here is what the settings do.
    await until("the reload", isLoaded).catch(async () => {
      await reload();
      await until(`the reload, asked for twice: ${now}`, isLoaded);
    });
  };
  const memory = async (): Promise<number> => {
    const { memory_stats } = await client.call<{ readonly memory_stats: { readonly usage: number } }>("GET", `/containers/${id}/stats`, {
      query: { stream: false, "one-shot": true },
    });
    return memory_stats.usage;
  };
  return { spec, metricsPort, listen, apply, run, log, memory, folder };
}

async function startContainer(client: DockerClient, { pod }: PodPluginSpec, image: string, folder: string): Promise<string> {
  const { runAsUser, runAsGroup, readOnlyRootFilesystem, capabilities } = pod.securityContext;
  const { Id } = await client.call<{ readonly Id: string }>("POST", "/containers/create", {
    query: { name: `gateway-test-${randomBytes(4).toString("hex")}` },
    body: {
      Image: image,
      User: `${runAsUser}:${runAsGroup}`,
      HostConfig: {
        NetworkMode: "host",
        ReadonlyRootfs: readOnlyRootFilesystem,
        CapDrop: capabilities?.drop,
        SecurityOpt: ["no-new-privileges"],
        Memory: Number.parseInt(pod.resources.limits?.memory ?? "", 10) * 1024 * 1024,
        Binds: [`${folder}:/etc/gateway:ro`],
      },
    },
  });
  await client.call("POST", `/containers/${Id}/start`);
  return Id;
}

async function execute(client: DockerClient, container: string, command: readonly string[]): Promise<{ code: number; output: string }> {
  const body = { Cmd: command, AttachStdout: true, AttachStderr: true };
  const { Id } = await client.call<{ readonly Id: string }>("POST", `/containers/${container}/exec`, { body });
  const output = plain(await Array.fromAsync(await client.stream("POST", `/exec/${Id}/start`, { body: { Detach: false } })));
  const { ExitCode } = await client.call<{ readonly ExitCode: number }>("GET", `/exec/${Id}/json`);
  return { code: ExitCode, output };
}

/** The text of the engine's stream, whose pieces have a head of 8 bytes each that ends with their length. */
function plain(chunks: readonly Buffer[]): string {
  const bytes = Buffer.concat(chunks);
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    pieces.push(bytes.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** Waits up to 20 s. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (await holds()) return;
    await sleep(20);
  }
  assert.fail(`waited in vain for ${what}`);
}
