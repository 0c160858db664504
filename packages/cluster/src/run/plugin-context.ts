import type { ClusterPrivilege } from "@outrigger/plugin";
import type { ClusterContext, ClusterHost, ClusterLogger } from "@outrigger/sdk";
import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import type { Call } from "./called-job.ts";
import { limitedKubernetes } from "./limited-kubernetes.ts";
import type { Run } from "./run-parts.ts";
import type { TaskLog } from "./task-log.ts";

export interface CallTimes {
  readonly log: TaskLog;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** What a plug-in works with during one call: what it may do is decided here, whatever its process sends. */
export function pluginContext(run: Run, call: Call, { log, signal, deadline }: CallTimes): ClusterContext {
  const { plugin, type, hosts } = call;
  const { plan } = run;
  const privileges: ReadonlySet<ClusterPrivilege> = new Set([...plugin.privileges, ...type.privileges]);
  const known = plan.hosts.map((host) => clusterHost(host, plan.master0));
  const exec: ClusterContext["exec"] = async (ip, script, options = {}) => {
    requireExec(plugin.name, ip, hosts, privileges);
    if (!known.some((host) => host.ip === ip)) throw clusterErrors["host-unknown"]({ plugin: plugin.name, ip, cluster: plan.cluster });
    const connection = await run.connections.get(ip);
    const left = Math.max(1, deadline - Date.now());
    const { workingDirectory } = options;
    return connection.exec(
      {
        // On the script's first line, so that the line numbers in bash's messages are the script's own.
        text:
          workingDirectory === undefined ? `if [ -d ${quoted(plan.rootfs)} ]; then cd -- ${quoted(plan.rootfs)}; fi; ${script}` : script,
        env: options.env ?? {},
        strict: true,
        skipWithoutDirectory: false,
        ...(workingDirectory === undefined ? {} : { workingDirectory }),
      },
      { timeout: Math.min(options.timeout ?? left, left), signal },
    );
  };
  return {
    name: plugin.name,
    run: run.run,
    cluster: { name: plan.cluster, image: plan.image.reference, operation: run.operation, hosts: known },
    hosts: known.filter(({ ip }) => hosts.includes(ip)),
    data: plugin.data,
    values: plugin.values ?? {},
    kubernetes: limitedKubernetes(plugin.name, privileges, () => run.kubernetes(run.record.kubeconfig)),
    exec,
    log: loggerOf(log),
    deadline,
    signal,
  };
}

function requireExec(plugin: string, ip: string, hosts: readonly string[], privileges: ReadonlySet<ClusterPrivilege>): void {
  if (privileges.has("exec:all")) return;
  const missing = !privileges.has("exec") ? "exec" : hosts.includes(ip) ? undefined : "exec:all";
  if (missing !== undefined) throw clusterErrors["privilege-missing"]({ plugin, privilege: missing, what: `running a script on ${ip}` });
}

export function clusterHost({ ip, roles, env, labels }: Host, master0: string): ClusterHost {
  return { ip, roles, master0: ip === master0, env, labels };
}

export function loggerOf(log: TaskLog): ClusterLogger {
  const write =
    (level: string) =>
    (text: string): void => {
      for (const line of text.split(/\r?\n/)) log.line("log", level === "info" ? line : `${level}: ${line}`);
    };
  return { debug: write("debug"), info: write("info"), warn: write("warning"), error: write("error") };
}

/** For bash. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
