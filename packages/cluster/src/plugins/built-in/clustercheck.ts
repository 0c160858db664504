import { setTimeout as sleep } from "node:timers/promises";
import { type PhaseName, type PlainProblem, wordsOf } from "@outrigger/plugin";
import { type ClusterContext, internalAddresses } from "@outrigger/sdk";
import { clusterErrors } from "../../errors.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import type { CalledType } from "../plugin-type.ts";
import { phasesWithApi, unusedTargets } from "./common-problems.ts";
import { nodeFaults, podFaults } from "./readiness.ts";

/** Phases in which hosts of the operation are no nodes yet. */
const beforeJoining: readonly PhaseName[] = ["PreInstall", "pre-scaleup", "PreJoin"];
/** Milliseconds. */
const [firstWait, longestWait] = [250, 5_000];
/** Before the plug-in's time is over, so that what is missing can be said. */
const lastWords = 500;
const shown = 8;

/** CLUSTERCHECK: waits until every host is a node that is Ready, and the pods of the system's namespaces are ready. */
export const clusterCheckType: CalledType = {
  type: "CLUSTERCHECK",
  kind: "called",
  phases: phasesWithApi,
  privileges: ["kubernetes:read"],
  check: (plugin) => [...unusedTargets(plugin, "it looks at the whole cluster"), ...readNamespaces(plugin).problems],
  run: async (plugin, context, phase) => {
    const { namespaces } = readNamespaces(plugin);
    const hosts = beforeJoining.includes(phase) ? [] : context.cluster.hosts.map(({ ip }) => ip);
    const ended = new AbortController();
    const signal = AbortSignal.any([context.signal, ended.signal]);
    const over = sleep(timeLeft(context), undefined, { signal });
    over.catch(() => undefined);
    let [wait, said] = [firstWait, ""];
    try {
      for (;;) {
        const missing = await Promise.race([missingNow(context, hosts, namespaces), over]);
        if (missing?.length === 0) return context.log.info("the cluster is ready");
        const text = missing === undefined ? said || "its API gives no answer" : shortened(missing);
        if (missing === undefined || timeLeft(context) === 0) throw clusterErrors["cluster-not-ready"]({ missing: text });
        if (text !== said) context.log.info(`waiting: ${text}`);
        said = text;
        await sleep(Math.min(wait, timeLeft(context)), undefined, { signal });
        wait = Math.min(wait * 1.5, longestWait);
      }
    } finally {
      ended.abort();
    }
  },
};

function timeLeft({ deadline }: ClusterContext): number {
  return Math.max(0, deadline - Date.now() - lastWords);
}

function shortened(missing: readonly string[]): string {
  const first = missing.slice(0, shown).join("; ");
  return missing.length > shown ? `${first}; and ${missing.length - shown} more` : first;
}

/** What is not as it shall be, one phrase each. While a cluster comes up its API may come and go: that is only another thing that is missing. */
async function missingNow(
  { kubernetes, signal }: ClusterContext,
  hosts: readonly string[],
  namespaces: readonly string[],
): Promise<readonly string[]> {
  try {
    const nodes = await kubernetes.listNodes();
    const addresses = new Set(nodes.flatMap(internalAddresses));
    const absent = hosts.filter((ip) => !addresses.has(ip)).map((ip) => `${ip} is no node`);
    const pods = await Promise.all(
      namespaces.map(async (namespace) => podFaults(namespace, await kubernetes.list(`/api/v1/namespaces/${namespace}/pods`))),
    );
    return [...absent, ...nodes.flatMap(nodeFaults), ...pods.flat()];
  } catch (error) {
    signal.throwIfAborted();
    return [wordsOf(error)];
  }
}

/** `data: { namespaces: [...] }`; absent: kube-system. */
function readNamespaces({ data }: ClusterPlugin): { readonly namespaces: readonly string[]; readonly problems: readonly PlainProblem[] } {
  const usual = ["kube-system"];
  if (data === undefined) return { namespaces: usual, problems: [] };
  const namespaces =
    typeof data === "object" && data !== null && "namespaces" in data && Object.keys(data).length === 1 ? data.namespaces : undefined;
  if (Array.isArray(namespaces) && namespaces.every(isNamespace)) return { namespaces, problems: [] };
  const message = "The data of CLUSTERCHECK is a mapping with `namespaces`, a list of their names.";
  const hint = "Leave `data` away to look at kube-system; an empty list looks at nodes only.";
  return { namespaces: usual, problems: [{ path: ["spec", "data"], code: "wrong-value", message, hint }] };
}

function isNamespace(value: unknown): value is string {
  return typeof value === "string" && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
}
