import { formatSelector, holdsAll, type PhaseName, parseSelector, phases, type SelectorTerm } from "@outrigger/plugin";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import { firstMaster, type Host } from "../model/host.ts";
import type { Target } from "../model/target.ts";
import { addressNumber, parseRange } from "./addresses.ts";

/** What targets are resolved in. */
export interface TargetScene {
  /** All hosts of the cluster. */
  readonly hosts: readonly Host[];
  /** Those of the operation, by ip. */
  readonly touched: readonly string[];
  /** Labels that are known without the Kubernetes API. */
  readonly labelsOf: (host: Host) => Readonly<Record<string, string>>;
}

export interface ResolvedTargets {
  /** By ip, in the cluster's order. */
  readonly hosts: readonly string[];
  /** Selectors that the known labels don't answer (a key that no host has, or no host that matches): the Kubernetes API has to be asked. */
  readonly lateSelectors: readonly string[];
}

export const rolePattern: RegExp = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

/**
 * Reads `on` or `scope`: terms joined by `|`, or by commas where they are roles and addresses. A term with `=`, `!` or brackets, or after `label:`, is a label
 * selector, whose commas mean that all its parts must hold.
 */
export function parseTargets(text: string): { readonly targets: readonly Target[]; readonly problems: readonly string[] } {
  if (text.trim() === "") return { targets: [], problems: ["No target is named; leave the field away to mean the phase's own hosts."] };
  const results = text
    .split("|")
    .map((term) => term.trim())
    .flatMap((term) => (isSelector(term) ? [parseLabels(term)] : term.split(",").map((each) => parseTerm(each.trim()))));
  const problems = results.flatMap((result) => ("problem" in result ? [result.problem] : []));
  const targets = results.flatMap((result) => ("problem" in result ? [] : [result]));
  const byText = new Map(targets.map((target) => [formatTarget(target), target]));
  return { targets: [...byText.values()], problems };
}

/** The text that {@link parseTargets} reads as this target. */
export function formatTarget(target: Target): string {
  switch (target.kind) {
    case "role":
      return target.role;
    case "master0":
      return "master0";
    case "addresses":
      return target.from === target.to ? target.from : `${target.from}-${target.to}`;
    case "labels":
      return isSelector(target.selector) && !("problem" in parseLabels(target.selector)) ? target.selector : `label:${target.selector}`;
  }
}

/** Where a plug-in's targets count at a phase; empty: all hosts of the operation. */
export function targetsAt(plugin: Pick<ClusterPlugin, "targets" | "scoped">, phase: PhaseName): readonly Target[] {
  const once = phases[phase].scope === "master0";
  return once && (plugin.scoped || plugin.targets.length === 0) ? [{ kind: "master0" }] : plugin.targets;
}

/** The hosts that targets mean in an operation; none given: all that it touches. Pure. */
export function resolveTargets(targets: readonly Target[], { hosts, touched, labelsOf }: TargetScene): ResolvedTargets {
  const within = new Set(touched);
  if (targets.length === 0) return { hosts: hosts.filter(({ ip }) => within.has(ip)).map(({ ip }) => ip), lateSelectors: [] };
  const labelled = hosts.map((host) => ({ host, labels: targets.some(({ kind }) => kind === "labels") ? labelsOf(host) : {} }));
  const meant = new Set<string>();
  const late: string[] = [];
  for (const target of targets) {
    if (target.kind === "master0") {
      const master0 = firstMaster(hosts);
      if (master0 !== undefined) meant.add(master0.ip);
    } else if (target.kind === "labels") {
      const found = answer(target.selector, labelled);
      if (found === undefined) late.push(target.selector);
      for (const { ip } of found ?? []) if (within.has(ip)) meant.add(ip);
    } else {
      const means = meaningOf(target);
      for (const host of hosts) if (within.has(host.ip) && means(host)) meant.add(host.ip);
    }
  }
  return { hosts: hosts.filter(({ ip }) => meant.has(ip)).map(({ ip }) => ip), lateSelectors: late };
}

/** Tells which hosts a role or address target means. */
export function meaningOf(target: Exclude<Target, { kind: "labels" | "master0" }>): (host: Host) => boolean {
  if (target.kind === "role") return ({ roles }) => roles.includes(target.role);
  const [from, to] = [addressNumber(target.from), addressNumber(target.to)];
  return (host) => {
    const own = numberOf(host);
    if (from === undefined || to === undefined || own === undefined) return false;
    return own.family === from.family && own.number >= from.number && own.number <= to.number;
  };
}

/** Each host's address is read once: plans ask for every plug-in at every phase. */
const numbers = new WeakMap<Host, ReturnType<typeof addressNumber>>();

function numberOf(host: Host): ReturnType<typeof addressNumber> {
  if (!numbers.has(host)) numbers.set(host, addressNumber(host.ip));
  return numbers.get(host);
}

/** Undefined where known labels are no answer. */
function answer(
  selector: string,
  labelled: readonly { readonly host: Host; readonly labels: Readonly<Record<string, string>> }[],
): readonly Host[] | undefined {
  const parsed = parseSelector(selector);
  if ("problem" in parsed) return undefined;
  const known = parsed.terms.every(({ key }) => labelled.some(({ labels }) => Object.hasOwn(labels, key)));
  const found = labelled.filter(({ labels }) => holdsAll(parsed.terms, labels)).map(({ host }) => host);
  return known && found.length > 0 ? found : undefined;
}

function isSelector(term: string): boolean {
  return /[=!()]/.test(term) || term.startsWith("label:");
}

function parseLabels(term: string): Target | { readonly problem: string } {
  const text = term.replace(/^label:\s*/, "");
  const parsed = parseSelector(text);
  if ("problem" in parsed) return { problem: `${parsed.problem} ${JSON.stringify(term)} is read as a label selector.` };
  const mixed = parsed.terms.find(({ key, operator }) => operator === "exists" && looksLikeTarget(key) && !term.startsWith("label:"));
  if (mixed !== undefined) {
    return {
      problem: `${mixed.key} stands in a label selector, where commas mean "and". To name both, write ${mixed.key} | ${others(parsed.terms, mixed)}.`,
    };
  }
  return { kind: "labels", selector: formatSelector(parsed.terms) };
}

function others(terms: readonly SelectorTerm[], without: SelectorTerm): string {
  return formatSelector(terms.filter((term) => term !== without));
}

function looksLikeTarget(key: string): boolean {
  return /^(master|master0|node)$/.test(key) || /^\d+\.\d+\.\d+\.\d+(-|$)/.test(key);
}

function parseTerm(term: string): Target | { readonly problem: string } {
  if (term === "") return { problem: "A target is empty; there is a `|` or a comma too many." };
  if (term === "master0") return { kind: "master0" };
  const [from = "", to, ...rest] = term.split("-").map((each) => each.trim());
  const range = parseRange(from, to ?? from);
  if (!("problem" in range) && rest.length === 0) return { kind: "addresses", ...range };
  if (addressNumber(from) !== undefined || /^[\d.]+$|:/.test(term)) {
    return { problem: to === undefined || !("problem" in range) ? `${term} is no IP address and no range of two.` : range.problem };
  }
  if (rolePattern.test(term)) return { kind: "role", role: term };
  const hint = term.includes("/") ? ` To name several, write ${term.split("/").join(" | ")}.` : "";
  return { problem: `${JSON.stringify(term)} is neither a role nor an IP address, range or label selector.${hint}` };
}
