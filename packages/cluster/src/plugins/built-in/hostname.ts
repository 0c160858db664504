import type { PhaseName, PlainProblem } from "@outrigger/plugin";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import type { Host } from "../../model/host.ts";
import type { HostScript } from "../../plan/plan.ts";
import type { ScriptedType } from "../plugin-type.ts";
import { dataProblem } from "./common-problems.ts";
import { readDataLines } from "./data-lines.ts";
import { hostnameScript, hostnameUndo } from "./hostname-script.ts";

/** Those in which a host is no node yet: a node keeps the name that it has joined with. */
const beforeJoining: readonly PhaseName[] = ["Originally", "pre-install", "pre-scaleup", "pre-init-host", "PreInit", "PreJoin"];

const form = "IP hostname";

/** HOSTNAME: lines `IP hostname`. Hosts that the data does not name keep the name they have. */
export const hostnameType: ScriptedType = {
  type: "HOSTNAME",
  kind: "scripted",
  phases: beforeJoining,
  check: (plugin, hosts) => [...readNames(plugin, hosts).problems],
  script: (plugin, { host, hosts }) => {
    const name = readNames(plugin, hosts).names.get(host.ip);
    return name === undefined ? undefined : scriptOf(plugin, hostnameScript, { OUTRIGGER_HOSTNAME: name, OUTRIGGER_HOST: host.ip });
  },
  undo: (plugin, { host, hosts }) =>
    readNames(plugin, hosts).names.has(host.ip) ? scriptOf(plugin, hostnameUndo, { OUTRIGGER_HOST: host.ip }) : undefined,
};

interface Names {
  readonly names: ReadonlyMap<string, string>;
  readonly problems: readonly PlainProblem[];
}

/** A plan asks for each host in turn. */
const known = new WeakMap<ClusterPlugin, { readonly hosts: readonly Host[]; readonly names: Names }>();

export function readNames(plugin: ClusterPlugin, hosts: readonly Host[]): Names {
  const before = known.get(plugin);
  if (before?.hosts === hosts) return before.names;
  const names = read(plugin, hosts);
  known.set(plugin, { hosts, names });
  return names;
}

function read(plugin: ClusterPlugin, hosts: readonly Host[]): Names {
  const { lines, problems: found } = readDataLines(plugin, hosts, form);
  const problems = [...found];
  const names = new Map<string, string>();
  for (const { number, hosts: named, words } of lines) {
    const complain = (message: string, code: PlainProblem["code"] = "wrong-value"): void =>
      void problems.push(dataProblem(code, `Line ${number} of the data: ${message}.`, `Lines are \`${form}\`.`));
    const [name = "", ...more] = words;
    const [host, ...others] = named;
    const fault = hostnameFault(name);
    if (more.length > 0) complain(`after the hostname "${name}" stands "${more.join(" ")}"`);
    else if (host === undefined || others.length > 0) complain("a hostname is for one address, and this names several");
    else if (fault !== undefined) complain(fault);
    else if (names.has(host.ip)) complain(`${host.ip} has a hostname already, ${names.get(host.ip)}`, "duplicate-name");
    else if ([...names.values()].some((other) => other.toLowerCase() === name.toLowerCase())) {
      complain(`"${name}" is the hostname of another host already`, "duplicate-name");
    } else names.set(host.ip, name);
  }
  return { names, problems };
}

/** RFC 1123, and no longer than Linux takes. */
function hostnameFault(name: string): string | undefined {
  if (name.length > 64) return `"${name}" is longer than 64 characters, which is all that Linux takes`;
  if (/^[\d.]+$/.test(name)) return `"${name}" looks like an address`;
  if (name.split(".").every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))) return undefined;
  return `"${name}" is no hostname: letters, digits and "-", in parts of at most 63 joined by dots, a letter or digit at both ends of each`;
}

function scriptOf({ name }: ClusterPlugin, text: string, env: Readonly<Record<string, string>>): HostScript {
  return { text, env: { ...env, OUTRIGGER_PLUGIN: encodeURIComponent(name) }, strict: true, skipWithoutDirectory: false };
}
