import type { ConfigValues } from "@outrigger/plugin";
import type { ClusterContext, ClusterHost, ClusterLogger } from "@outrigger/sdk";
import { kubernetesClientOver } from "@outrigger/sdk";
import { guardContext } from "@outrigger/sdk/process";
import { resolveSecret, secretPlace } from "../files/secrets.ts";
import { renderData } from "../files/template.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import { quoteWord } from "../ssh/shell-words.ts";
import type { Call } from "./called-job.ts";
import type { Run } from "./run-parts.ts";
import type { TaskLog } from "./task-log.ts";

export interface CallTimes {
  readonly log: TaskLog;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** What a plug-in works with during one call: no more than its privileges allow, whatever its process sends. */
export async function pluginContext(
  run: Run,
  { plugin, type, hosts }: Call,
  { log, signal, deadline }: CallTimes,
): Promise<ClusterContext> {
  const { plan } = run;
  const values = await openedValues(plugin, run.secrets.add);
  const all = plan.hosts.map((host) => clusterHost(host, plan.master0));
  const exec: ClusterContext["exec"] = async (ip, script, { env = {}, timeout, workingDirectory } = {}) => {
    const connection = await run.connections.get(ip);
    const left = Math.max(1, deadline - Date.now());
    // On the script's first line, so that line numbers in bash's messages are the script's own.
    const inRootfs = `if [ -d ${quoteWord(plan.rootfs)} ]; then cd -- ${quoteWord(plan.rootfs)}; fi; ${script}`;
    const place = workingDirectory === undefined ? {} : { workingDirectory };
    return connection.exec(
      { text: workingDirectory === undefined ? inRootfs : script, env, strict: true, skipWithoutDirectory: false, ...place },
      { timeout: Math.min(timeout ?? left, left), signal },
    );
  };
  const context: ClusterContext = {
    name: plugin.name,
    run: run.run,
    cluster: { name: plan.cluster, image: plan.image.reference, operation: run.operation, hosts: all },
    hosts: all.filter(({ ip }) => hosts.includes(ip)),
    data: plugin.template ? renderData(plugin.data, run.host(plan.master0).env, plugin.name) : plugin.data,
    values,
    kubernetes: kubernetesClientOver(async (request) => (await run.kubernetes(run.record.kubeconfig)).request(request)),
    exec,
    log: loggerOf(log),
    deadline,
    signal,
  };
  return guardContext(context, [...plugin.privileges, ...type.privileges]);
}

/** The plug-in's values with its secrets read; they are masked from then on wherever they come out. @throws secret-unreadable */
async function openedValues(
  { name, values = {}, secretValues = [] }: ClusterPlugin,
  keep: (secret: string) => void,
): Promise<ConfigValues> {
  let opened = values;
  for (const [group, item] of secretValues) {
    const source = secretPlace(String(values[group]?.[item] ?? ""));
    if (source === undefined) continue;
    const text = (await resolveSecret(source, `${item} of the plug-in ${name}`, async () => undefined)).text();
    keep(text);
    opened = { ...opened, [group]: { ...opened[group], [item]: text } };
  }
  return opened;
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
