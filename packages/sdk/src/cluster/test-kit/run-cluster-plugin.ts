import type { ClusterPrivilege, PhaseName } from "@outrigger/plugin";
import { sdkErrors } from "../../errors.ts";
import type { ClusterContext, ClusterHost, ExecOutput } from "../cluster-context.ts";
import type { ClusterPluginModule } from "../cluster-plugin.ts";
import type { LogParams } from "../protocol.ts";
import { createPluginCaller, type PluginCaller } from "../run/call-cluster-plugin.ts";
import { type LoadedClusterPlugin, loadClusterPlugin } from "../run/load-cluster-plugin.ts";
import { serveClusterPlugin } from "../run/serve-cluster-plugin.ts";
import { execOnHosts, type HostExec } from "./exec-on-hosts.ts";
import type { FakeHosts } from "./fake-hosts.ts";
import { type FakeKubernetes, fakeKubernetes } from "./fake-kubernetes.ts";

export interface KitCall {
  readonly phase: PhaseName;
  /** `undo` instead of `run`. */
  readonly method?: "run" | "undo";
  /** Fake hosts, or how many to name without anything behind them (default 1): scripts on those are an error unless `exec` answers them. */
  readonly hosts?: FakeHosts | number;
  /** The hosts of this call, by ip; the others are merely in the cluster. Absent: all. */
  readonly on?: readonly string[];
  readonly exec?: (ip: string, script: string) => Partial<ExecOutput>;
  readonly data?: unknown;
  readonly values?: ClusterContext["values"];
  /** Absent: a node for each host. */
  readonly kubernetes?: FakeKubernetes;
  /** As in the document; absent: none but `kubernetes:read`. */
  readonly privileges?: readonly ClusterPrivilege[];
  /** Default `create`. */
  readonly operation?: string;
  /** Milliseconds. Default 10,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface KitResult {
  /** Lines that the plug-in logged, `level` and text. */
  readonly log: readonly LogParams[];
  /** Scripts that were run, with what came of them. */
  readonly executed: readonly ({ readonly host: string; readonly script: string } & ExecOutput)[];
  readonly kubernetes: FakeKubernetes;
  /** What the plug-in says is wrong with its data; then it is not run. */
  readonly problems: readonly string[];
  /** How it failed. */
  readonly error: Error | undefined;
}

/**
 * Runs a plug-in as a runner does, with everything passed through the protocol and no more allowed than its privileges, but in this process and without a server.
 *
 * @param plugin what defineClusterPlugin gave, or its module's file
 * @example
 * const { log, error } = await runClusterPlugin(plugin, { phase: "PostInstall", hosts: 3 });
 */
export async function runClusterPlugin(plugin: ClusterPluginModule | string, call: KitCall): Promise<KitResult> {
  const loaded = typeof plugin === "string" ? await loadClusterPlugin(plugin) : { type: "TESTED", plugin };
  const { hosts: given = 1, timeout = 10_000 } = call;
  const hosts: readonly ClusterHost[] = typeof given === "number" ? namedHosts(given) : given.hosts.map(plainHost);
  const ssh = typeof given === "number" ? undefined : execOnHosts(given);
  const kubernetes = call.kubernetes ?? fakeKubernetes(hosts);
  const [log, executed]: [LogParams[], KitResult["executed"][number][]] = [[], []];
  const at = (level: LogParams["level"]) => (text: string) => void log.push({ level, text });
  const context: ClusterContext = {
    name: loaded.type.toLowerCase(),
    run: "test-1",
    cluster: { name: "test", image: "test:1", operation: call.operation ?? "create", hosts },
    hosts: call.on === undefined ? hosts : hosts.filter(({ ip }) => call.on?.includes(ip)),
    data: call.data ?? null,
    values: call.values ?? {},
    kubernetes: kubernetes.client,
    exec: async (host, script, options) => {
      const output = await outputOf(call, ssh, host, script, options);
      executed.push({ host, script, ...output });
      return output;
    },
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    deadline: Date.now() + timeout,
    signal: call.signal ?? new AbortController().signal,
  };
  const caller = connected(loaded, (params) => void log.push(params));
  let problems: readonly string[] = [];
  let error: Error | undefined;
  try {
    const { validate } = await caller.hello(timeout);
    if (validate) problems = await caller.validate(context.data, timeout);
    if (problems.length > 0) throw sdkErrors["kit-data-invalid"]({ reason: problems.join(" ") });
    await caller.call({ method: call.method ?? "run", context, phase: call.phase, privileges: call.privileges ?? [] });
  } catch (failure) {
    error = failure instanceof Error ? failure : new TypeError(String(failure));
  } finally {
    caller.close("the test is over");
    ssh?.close();
  }
  return { log, executed, kubernetes, problems, error };
}

/** Both ends of the protocol, joined in memory; messages come in a turn of their own, as from a pipe. */
function connected(loaded: LoadedClusterPlugin, log: (params: LogParams) => void): PluginCaller {
  const later = (receive: (piece: Uint8Array) => void) => (line: string) => void setImmediate(() => receive(Buffer.from(line)));
  const failed = (reason: string): void => {
    caller.close(reason);
    served.close();
  };
  const caller: PluginCaller = createPluginCaller({ send: (line) => later(served.receive)(line), failed, log, grace: 500 });
  const served = serveClusterPlugin(loaded, later(caller.receive), failed);
  return caller;
}

async function outputOf(
  { exec }: KitCall,
  ssh: HostExec | undefined,
  ...[host, script, options]: Parameters<HostExec["exec"]>
): Promise<ExecOutput> {
  if (exec !== undefined) return { exit: 0, stdout: "", stderr: "", ...exec(host, script) };
  if (ssh !== undefined) return ssh.exec(host, script, options);
  throw sdkErrors["fake-host-unreachable"]({ host, reason: "it is a name only; give fakeHosts, or answer its scripts by `exec`" });
}

function namedHosts(count: number): readonly ClusterHost[] {
  return Array.from({ length: count }, (_, index) => ({
    ip: `10.0.0.${index + 1}`,
    roles: [index === 0 ? "master" : "node"],
    master0: index === 0,
    env: {},
    labels: {},
  }));
}

function plainHost({ ip, roles, master0, env, labels }: ClusterHost): ClusterHost {
  return { ip, roles, master0, env, labels };
}
