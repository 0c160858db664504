import { join } from "node:path";
import { PassThrough } from "node:stream";
import type {
  ClusterPlugin,
  Host,
  HostConnection,
  HostConnections,
  Plan,
  PluginEntry,
  PluginType,
  PluginTypes,
  Stage,
  TaskOutcome,
} from "../src/index.ts";
import { usualRules } from "../src/index.ts";
import { openJournal, readJournal } from "../src/run/journal.ts";
import type { RunEvent } from "../src/run/run-events.ts";
import type { RunParts } from "../src/run/run-parts.ts";
import { type RunResult, runPlan } from "../src/run/run-plan.ts";
import { createRunRecord } from "../src/run/run-record.ts";
import { createSecrets } from "../src/run/secrets.ts";

/** What hosts do that are not there: scripts are known by their text. For kill points and faults that real hosts can't be asked for. */
export interface FakeHosts extends HostConnections {
  /** Each script that was started, `HOST TEXT`, in order. */
  readonly started: string[];
  /** A script goes on without its runner: what it ended with, by key. */
  readonly ended: Map<string, TaskOutcome>;
  readonly forgotten: string[];
}

export interface FakeBehaviour {
  /** How a script ends; default 0. May wait. */
  readonly script?: (
    host: string,
    text: string,
    starts: number,
  ) => Promise<number | "hang" | "unreachable"> | number | "hang" | "unreachable";
  /** Called at every step that a real connection would take time for; may throw. */
  readonly step?: (what: string) => void;
}

export function fakeHosts(hosts: readonly Host[], { script = () => 0, step = () => {} }: FakeBehaviour = {}): FakeHosts {
  const started: string[] = [];
  const ended = new Map<string, TaskOutcome>();
  const forgotten: string[] = [];
  const connect = (host: Host): HostConnection => ({
    host,
    facts: async () => ({
      hostname: host.ip,
      architecture: "amd64",
      system: "debian 12",
      kernel: "6.1",
      bash: true,
      root: true,
      freeBytes: 1e9,
      clusters: [],
      memoryBytes: 1e9,
      clockOffset: 0,
    }),
    exec: async () => ({ exit: 0, stdout: "", stderr: "" }),
    run: async (task, { signal, onOutput }) => {
      step("run");
      const before = ended.get(task.key);
      if (before?.kind === "ended") return { ...before, attached: true };
      if (before !== undefined) return before;
      const line = `${host.ip} ${task.script.text}`;
      started.push(line);
      const end = script(host.ip, task.script.text, started.filter((each) => each === line).length);
      // What has been started ends, whether or not somebody waits for it.
      if (typeof end === "number") ended.set(task.key, { kind: "ended", exit: end, attached: false });
      step("running");
      const exit = await end;
      signal.throwIfAborted();
      if (exit === "unreachable") throw new TypeError(`${host.ip} is out of reach`);
      if (exit === "hang") {
        await new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason as Error)));
        return { kind: "interrupted" };
      }
      ended.set(task.key, { kind: "ended", exit, attached: false });
      onOutput("stdout", Buffer.from(`${task.script.text} ends with ${exit}\n`));
      step("ran");
      return { kind: "ended", exit, attached: false };
    },
    forgetTasks: async (prefix) => {
      forgotten.push(`${host.ip} ${prefix}`);
    },
    distribute: async () => ({ sentBytes: 0, unchanged: true }),
    readFile: async () => new Uint8Array(),
    writeFile: async () => {},
    openStream: async () => new PassThrough(),
  });
  const connections = new Map(hosts.map((host) => [host.ip, connect(host)]));
  return { started, ended, forgotten, get: async (ip) => connections.get(ip) as HostConnection, close: async () => {} };
}

export function host(ip: string, roles: readonly string[] = ["node"]): Host {
  return { ip, roles, ssh: { user: "root", port: 22 }, env: {}, labels: {}, taints: [] };
}

export function plugin(name: string, more: Partial<ClusterPlugin> = {}): ClusterPlugin {
  return {
    ...usualRules,
    name,
    type: "SHELL",
    phases: ["PreInit"],
    targets: [],
    retryDelay: 0,
    origin: { from: "clusterfile", file: "Clusterfile", line: 1 },
    ...more,
  } as ClusterPlugin;
}

/** A plug-in at a phase with a script on each host; the script's text is the plug-in's name. */
export function scriptEntry(phase: string, made: ClusterPlugin, hosts: readonly string[], text: string = made.name): PluginEntry {
  const tasks = hosts.map((ip) => ({
    id: `${phase}/${made.name}/${ip}`,
    host: ip,
    digest: `sha256:${made.name}`,
    script: { text, env: {}, strict: true, skipWithoutDirectory: false },
  }));
  return { plugin: made, hosts, lateSelectors: [], tasks, ...(made.parallel === undefined ? {} : { parallel: made.parallel }) };
}

export function callEntry(phase: string, made: ClusterPlugin, hosts: readonly string[]): PluginEntry {
  return { plugin: made, hosts, lateSelectors: [], tasks: [{ id: `${phase}/${made.name}/-`, host: "-", digest: `sha256:${made.name}` }] };
}

export function planOf(hosts: readonly Host[], stages: readonly Stage[], more: Partial<Plan> = {}): Plan {
  return {
    operation: "create",
    cluster: "test",
    image: { reference: "tiny:1", digest: "sha256:0" },
    rootfs: "/var/lib/outrigger/clusters/test/rootfs",
    hosts,
    touched: hosts.map(({ ip }) => ip),
    master0: hosts[0]?.ip ?? "",
    stages,
    disabled: [],
    warnings: [],
    ...more,
  };
}

/** SHELL with an undo, and what else a test brings. */
export function typesOf(more: Readonly<Record<string, PluginType>> = {}): PluginTypes {
  const shell: PluginType = {
    type: "SHELL",
    kind: "scripted",
    check: () => [],
    script: ({ name }) => ({ text: name, env: {}, strict: true, skipWithoutDirectory: false }),
    undo: ({ undo }) => (undo === undefined ? undefined : { text: undo, env: {}, strict: true, skipWithoutDirectory: false }),
  };
  return { get: (type) => more[type] ?? shell, close: async () => {} };
}

/** What run-program.ts is told. */
export interface ProgramWork {
  readonly hosts: readonly Host[];
  readonly plan: Plan;
  readonly folder: string;
  readonly knownHosts: string;
}

export interface FakeRun {
  readonly folder: string;
  readonly plan: Plan;
  readonly connections: HostConnections;
  readonly parts?: Partial<RunParts>;
  readonly events?: RunEvent[];
}

/** Runs a plan, or goes on with it where the folder has its journal, as `cluster resume` does. */
export async function carryOut({ folder, plan, connections, parts = {}, events = [] }: FakeRun): Promise<RunResult> {
  const file = join(folder, "journal.jsonl");
  const journal = parts.journal ?? (await openJournal(file));
  const records = await readJournal(file);
  const record = createRunRecord(records);
  if (records.length === 0)
    await journal.write({
      event: "run-started",
      format: 1,
      run: "r1",
      operation: "create",
      cluster: "test",
      image: plan.image,
      planDigest: "sha256:p",
    });
  try {
    return await runPlan({
      run: "r1",
      plan,
      operation: plan.operation,
      lateTasks: (phase, name, hosts) => scriptEntry(phase, plugin(name), hosts).tasks,
      connections,
      types: typesOf(),
      kubernetes: async () => Promise.reject(new TypeError("there is no API")),
      steps: {
        tree: async () => ({ entries: [], content: () => (async function* () {})(), close: async () => {} }),
        label: async () => {},
        commit: async () => {},
      },
      journal,
      record,
      ran: new Map(),
      secrets: createSecrets(),
      report: (event) => void events.push(event),
      folder,
      signal: new AbortController().signal,
      limit: 10,
      ...parts,
    });
  } finally {
    if (parts.journal === undefined) await journal.close();
  }
}
