import { keyFault, type PlainProblem, valueFault } from "@outrigger/plugin";
import { firstMaster, type Host } from "../model/host.ts";
import { parseAddressList } from "./addresses.ts";
import { parseTaint } from "./taints.ts";
import { rolePattern } from "./targets.ts";

/** Some hosts that are alike, and where they stand in their document. */
export interface WrittenHosts {
  readonly ips: readonly string[];
  /** Of the field of addresses. */
  readonly path: readonly PropertyKey[];
  readonly roles: readonly string[];
  readonly access: Host["ssh"];
  readonly env: Host["env"];
  readonly labels: Host["labels"];
  readonly taints: readonly string[];
}

type Say = (problem: PlainProblem) => void;

/** The hosts of a cluster, each address once, at least one of them a master. @param all the field that lists them all */
export function hostsOf(groups: readonly WrittenHosts[], all: readonly PropertyKey[], say: Say): readonly Host[] {
  const seen = new Set<string>();
  const hosts = groups.flatMap((group) => {
    const roles = rolesOf(group, say);
    const labels = labelsOf(group, say);
    const taints = taintsOf(group, say);
    return addressesOf(group, say).flatMap(({ ip, path }) => {
      if (seen.has(ip)) {
        say({
          path,
          code: "duplicate-name",
          message: `The host ${ip} stands twice.`,
          found: ip,
          hint: "Give it once, with all its roles.",
        });
        return [];
      }
      seen.add(ip);
      return [{ ip, roles, ssh: group.access, env: group.env, labels, taints }];
    });
  });
  const master0 = firstMaster(hosts);
  if (master0 === undefined) {
    const hint = "Give at least one host the role master.";
    say({ path: all, code: "value-required", message: "The cluster has no master.", expected: "a host with the role master", hint });
  }
  return hosts.map((host) => withoutMaster0(host, master0, all, say));
}

function addressesOf({ ips, path }: WrittenHosts, say: Say): readonly { readonly ip: string; readonly path: readonly PropertyKey[] }[] {
  return ips.flatMap((text, index) => {
    const list = parseAddressList(text);
    if ("addresses" in list) return list.addresses.map((ip) => ({ ip, path: [...path, index] }));
    say({ path: [...path, index], code: "wrong-value", message: list.problem, found: text, expected: "an IP address, or a range FROM-TO" });
    return [];
  });
}

/** A host that is no master is a node, whatever else it is. */
function rolesOf({ roles, path }: WrittenHosts, say: Say): readonly string[] {
  const at = [...path.slice(0, -1), "roles"];
  for (const [index, role] of roles.entries()) {
    if (!rolePattern.test(role)) {
      const message = `${JSON.stringify(role)} is no role: it has letters, digits, dots, dashes and underscores.`;
      say({ path: [...at, index], code: "wrong-value", message, found: role });
    }
  }
  const own = [...new Set(roles)];
  return own.includes("master") || own.includes("node") ? own : [...own, "node"];
}

/** Sealer writes the role `master0` for its first master; here the first master is it, always. */
function withoutMaster0(host: Host, master0: Host | undefined, all: readonly PropertyKey[], say: Say): Host {
  if (!host.roles.includes("master0")) return host;
  if (host !== master0) {
    const message = `${host.ip} has the role master0, but master0 is the first master, ${master0?.ip ?? "of which there is none"}.`;
    say({ path: all, code: "conflict", message, found: host.ip, hint: "Put it before the other masters, and leave the role away." });
  }
  return { ...host, roles: host.roles.filter((role) => role !== "master0") };
}

function labelsOf({ labels, path }: WrittenHosts, say: Say): Host["labels"] {
  for (const [key, value] of Object.entries(labels)) {
    const fault = keyFault(key) ?? valueFault(value);
    if (fault === undefined) continue;
    const at = [...path.slice(0, -1), "labels", key];
    say({ path: at, code: "wrong-value", message: `${key}=${value} is no label of Kubernetes: ${fault}.`, found: `${key}=${value}` });
  }
  return labels;
}

function taintsOf({ taints, path }: WrittenHosts, say: Say): Host["taints"] {
  return taints.flatMap((text, index) => {
    const taint = parseTaint(text);
    if (taint !== undefined) return [taint];
    const at = [...path.slice(0, -1), "taints", index];
    const expected = "KEY=VALUE:EFFECT, the effect NoSchedule, PreferNoSchedule or NoExecute";
    say({
      path: at,
      code: "wrong-value",
      message: `${JSON.stringify(text)} is no taint.`,
      found: text,
      expected,
      hint: `Write ${expected}.`,
    });
    return [];
  });
}
