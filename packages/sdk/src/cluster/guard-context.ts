import type { ClusterPrivilege } from "@outrigger/plugin";
import { sdkErrors } from "../errors.ts";
import type { ClusterContext } from "./cluster-context.ts";
import type { KubernetesAnswer, KubernetesRequest } from "./kubernetes-client.ts";
import { kubernetesClientOver } from "./kubernetes-over.ts";
import { beyondReading, requestFault } from "./kubernetes-rules.ts";

/**
 * A context that does no more than a plug-in's privileges allow; `kubernetes:read` is everybody's.
 * What is beyond them rejects with privilege-missing, host-unknown or kubernetes-request-invalid, and nothing is done.
 */
export function guardContext(context: ClusterContext, privileges: readonly ClusterPrivilege[]): ClusterContext {
  const need = (privilege: ClusterPrivilege, what: string): void => {
    if (!privileges.includes(privilege)) throw sdkErrors["privilege-missing"]({ plugin: context.name, what, privilege });
  };
  const exec: ClusterContext["exec"] = async (ip, script, options) => {
    const has = (hosts: ClusterContext["hosts"]): boolean => hosts.some((host) => host.ip === ip);
    if (!has(context.cluster.hosts) && !has(context.hosts)) throw sdkErrors["host-unknown"]({ plugin: context.name, host: ip });
    if (!has(context.hosts)) need("exec:all", `run a script on ${ip}, which is no host of this call`);
    else if (!privileges.includes("exec:all")) need("exec", `run a script on ${ip}`);
    return context.exec(ip, script, options);
  };
  const ask = async (request: KubernetesRequest): Promise<KubernetesAnswer> => {
    const { method, path } = request;
    const fault = requestFault(request);
    if (fault !== undefined) throw sdkErrors["kubernetes-request-invalid"]({ method, path, reason: fault });
    const beyond = beyondReading(request);
    if (beyond !== undefined) need("kubernetes:write", `ask for ${method} ${path} (${beyond})`);
    return context.kubernetes.request(request);
  };
  return { ...context, exec, kubernetes: kubernetesClientOver(ask) };
}
