import ipaddr from "ipaddr.js";
import { firstMaster, type Host } from "../model/host.ts";
import type { Target } from "../model/target.ts";
import type { ResolvedTargets } from "./plugin-entries.ts";

export interface TargetContext {
  readonly hosts: readonly Host[];
  /** By ip. */
  readonly touched: readonly string[];
  readonly labelsOf: (host: Host) => Readonly<Record<string, string>>;
}

export function resolveTargets(
  targets: readonly Target[],
  { hosts, touched, labelsOf }: TargetContext,
): ResolvedTargets & { readonly unmatched: readonly Target[] } {
  const within = new Set(touched);
  const master0 = firstMaster(hosts)?.ip;
  const found = new Set<string>();
  const unmatched: Target[] = [];
  for (const target of targets) {
    const meant = hosts.filter((host) => (target.kind === "master0" ? host.ip === master0 : matches(target, host, labelsOf)));
    if (meant.length === 0 && target.kind !== "labels") unmatched.push(target);
    for (const { ip } of meant) if (target.kind === "master0" || within.has(ip)) found.add(ip);
  }
  const lateSelectors = targets.flatMap((target) => (target.kind === "labels" ? [target.selector] : []));
  return { hosts: hosts.filter(({ ip }) => found.has(ip)).map(({ ip }) => ip), lateSelectors, unmatched };
}

function matches(target: Target, host: Host, labelsOf: TargetContext["labelsOf"]): boolean {
  if (target.kind === "role") return host.roles.includes(target.role);
  if (target.kind === "addresses") {
    const [from, to, own] = [target.from, target.to, host.ip].map((text) => ipaddr.parse(text).toByteArray());
    if (from === undefined || to === undefined || own === undefined || from.length !== own.length) return false;
    return Buffer.compare(Buffer.from(from), Buffer.from(own)) <= 0 && Buffer.compare(Buffer.from(own), Buffer.from(to)) <= 0;
  }
  if (target.kind === "labels") {
    const labels = labelsOf(host);
    return target.selector.split(",").every((term) => {
      const [key = "", value] = term.split("=");
      return value === undefined ? key in labels : labels[key] === value;
    });
  }
  return false;
}
