import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  type ConnectOptions,
  connectHosts,
  type DurableTask,
  type Host,
  type HostConnection,
  type HostConnections,
  type HostScript,
  type LinkEvent,
  type TaskOutcome,
  type TrustedHostKey,
} from "@outrigger/cluster";
import { type SshHosts, type SshHostsOptions, sshHosts } from "./ssh-hosts.ts";

export interface ConnectedHosts extends SshHosts {
  readonly connections: HostConnections;
  /** The first host's. */
  readonly first: HostConnection;
  readonly trusted: readonly TrustedHostKey[];
  readonly events: readonly LinkEvent[];
  readonly options: ConnectOptions;
}

/** Hosts with connections that know nothing of this machine's keys, agents and known hosts. Questions are quick, so that a lost link is seen soon. */
export async function connectedHosts(
  context: Pick<TestContext, "after">,
  count: number,
  given: { readonly hosts?: SshHostsOptions; readonly connect?: Partial<ConnectOptions>; readonly host?: Partial<Host> } = {},
): Promise<ConnectedHosts> {
  const all = await sshHosts(context, count, given.hosts);
  const trusted: TrustedHostKey[] = [];
  const events: LinkEvent[] = [];
  const options: ConnectOptions = {
    ...connectOptions(all),
    onTrust: (key) => void trusted.push(key),
    onLink: (event) => void events.push(event),
    ...given.connect,
  };
  const connections = connectHosts(
    all.hosts.map((host) => host.model(given.host)),
    options,
  );
  context.after(() => connections.close());
  const first = await connections.get(all.hosts[0]?.ip ?? "");
  return { ...all, connections, first, trusted, events, options };
}

export function connectOptions(all: SshHosts): ConnectOptions {
  return {
    knownHosts: join(all.folder, "own_known_hosts"),
    userKnownHosts: false,
    agent: false,
    keyFolder: false,
    readSecret: (source) => Promise.resolve(source.from === "text" ? source.text : all.password),
    onTrust: () => undefined,
    connectTimeout: 5_000,
    patience: 20_000,
    keepalive: 500,
  };
}

export function bash(text: string, given: Partial<HostScript> = {}): HostScript {
  return { text, env: {}, strict: true, skipWithoutDirectory: false, ...given };
}

export interface Ran {
  readonly outcome: TaskOutcome;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a durable task and keeps what it prints. */
export async function runTask(connection: HostConnection, key: string, text: string, given: Partial<DurableTask> = {}): Promise<Ran> {
  const kept = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const task: DurableTask = { key, script: bash(text), secrets: {}, timeout: 30_000, ...given };
  const outcome = await connection.run(task, {
    signal: new AbortController().signal,
    onOutput: (stream, piece) => void kept[stream].push(piece),
  });
  return { outcome, stdout: Buffer.concat(kept.stdout).toString(), stderr: Buffer.concat(kept.stderr).toString() };
}
