import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { type ClusterPlugin, type ExecResult, type Host, type HostConnection, type HostScript, usualRules } from "@outrigger/cluster";
import type { ClusterContext, ClusterHost, KubernetesClient, KubernetesNode } from "@outrigger/sdk";

/** A host of a cluster; `fields` over what it usually is. */
export function host(ip: string, fields: Partial<Host> = {}): Host {
  return { ip, roles: ["node"], ssh: { user: "root", port: 22 }, env: {}, labels: {}, taints: [], ...fields };
}

/** As many hosts as wanted: 10.0.0.1 is the first master. */
export function hosts(count: number): readonly Host[] {
  return Array.from({ length: count }, (_, index) =>
    host(`10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`, { roles: [index === 0 ? "master" : "node"] }),
  );
}

/** A plug-in of a built-in type. */
export function plugin(type: string, data: unknown, fields: Partial<ClusterPlugin> = {}): ClusterPlugin {
  const origin = { from: "clusterfile", file: "Clusterfile", line: 1 } as const;
  return {
    ...usualRules,
    name: type.toLowerCase(),
    type,
    phases: ["PreGuest"],
    targets: [],
    origin,
    ...(data === undefined ? {} : { data }),
    ...fields,
  };
}

/** Runs a script as a host would, on this machine. */
export async function runScript({ text: script, env, workingDirectory, strict }: HostScript): Promise<ExecResult> {
  const words = strict ? ["-euo", "pipefail", "-s"] : ["-s"];
  const child = spawn("bash", words, { env: { PATH: process.env["PATH"], ...env }, cwd: workingDirectory ?? "/" });
  const ended = once(child, "close");
  child.stdin.end(script);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [exit] = (await ended) as [number];
  return { exit, stdout, stderr };
}

/** This machine as a host: the parts of a connection that a Kubernetes client uses. */
export function thisMachine(changes: Partial<HostConnection> = {}): HostConnection {
  const other = async (): Promise<never> => {
    throw new TypeError("not asked for in this test");
  };
  return {
    host: host("127.0.0.1", { roles: ["master"] }),
    facts: other,
    exec: (script) => runScript(script),
    run: other,
    forgetTasks: other,
    distribute: other,
    readFile: async (path) => await readFile(path),
    writeFile: other,
    openStream,
    ...changes,
  };
}

export async function openStream(address: string, port: number): Promise<Duplex> {
  const socket = connect(port, address).setNoDelay();
  await once(socket, "connect");
  return socket;
}

/** A node as a kubelet would register it, ready. */
export function nodeObject(name: string, ip: string): KubernetesNode {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    spec: {},
    status: { addresses: [{ type: "InternalIP", address: ip }], conditions: [{ type: "Ready", status: "True" }] },
  };
}

/** A call's context over a client, and the lines that its plug-in logs. */
export function contextOf(
  kubernetes: KubernetesClient,
  all: readonly Host[],
  fields: Partial<ClusterContext> = {},
): { readonly context: ClusterContext; readonly lines: string[] } {
  const lines: string[] = [];
  const log = (text: string): void => void lines.push(text);
  const clusterHosts = all.map(({ ip, roles, env, labels }, index): ClusterHost => ({ ip, roles, env, labels, master0: index === 0 }));
  const context: ClusterContext = {
    name: "test",
    run: "run-1",
    cluster: { name: "c", image: "i", operation: "create", hosts: clusterHosts },
    hosts: clusterHosts,
    data: undefined,
    values: {},
    kubernetes,
    exec: async () => ({ exit: 0, stdout: "", stderr: "" }),
    log: { debug: log, info: log, warn: log, error: log },
    deadline: Date.now() + 60_000,
    signal: new AbortController().signal,
    ...fields,
  };
  return { context, lines };
}
