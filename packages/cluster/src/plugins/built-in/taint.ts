import { keyFault, type PlainProblem, valueFault } from "@outrigger/plugin";
import type { NodeChange, TaintChange } from "../../kubernetes/node-change.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import { type Host, type TaintEffect, taintEffects } from "../../model/host.ts";
import type { CalledType } from "../plugin-type.ts";
import { dataProblem, unusedTargets } from "./common-problems.ts";
import { readDataLines } from "./data-lines.ts";
import { nodeType } from "./node-type.ts";

const form = "IPS key=value:Effect, key:Effect- or key-";

/** TAINT: lines `IPS key[=value]:Effect[-]` or `IPS key-`, put on nodes and taken away. The data says which nodes. */
export const taintType: CalledType = nodeType("TAINT", readTaints, (plugin, hosts) => [
  ...unusedTargets(plugin, "its data says which hosts it is about"),
  ...readTaints(plugin, hosts).problems,
]);

export function readTaints(
  plugin: ClusterPlugin,
  hosts: readonly Host[],
): { readonly changes: ReadonlyMap<string, NodeChange>; readonly problems: readonly PlainProblem[] } {
  const { lines, problems: found } = readDataLines(plugin, hosts, form);
  const problems = [...found];
  const taints = new Map<string, TaintChange[]>();
  for (const { number, hosts: named, words } of lines) {
    const complain = (message: string, code: PlainProblem["code"] = "wrong-value"): void =>
      void problems.push(dataProblem(code, `Line ${number} of the data: ${message}.`, `Lines are \`${form}\`.`));
    for (const item of words.flatMap((text) => text.split(","))) {
      const taint = readTaint(item);
      if (typeof taint === "string") {
        complain(taint);
        continue;
      }
      for (const { ip } of named) {
        const known = taints.get(ip) ?? [];
        taints.set(ip, known);
        const same = known.find((other) => meet(other, taint));
        if (same === undefined) known.push(taint);
        else if (same.value !== taint.value || same.effect !== taint.effect)
          complain(`${ip} gets the taint ${taint.key} in two ways`, "conflict");
      }
    }
  }
  return { changes: new Map([...taints].map(([ip, all]) => [ip, { labels: {}, taints: all }])), problems };
}

/** @returns the taint, or what is wrong */
function readTaint(item: string): TaintChange | string {
  const removes = item.endsWith("-");
  const [pair = "", effect, ...rest] = (removes ? item.slice(0, -1) : item).split(":");
  const [key = "", value, ...more] = pair.split("=");
  if (rest.length > 0 || more.length > 0 || key === "") return `"${item}" is no taint`;
  const fault = keyFault(key) ?? valueFault(value ?? "");
  if (fault !== undefined) return fault;
  if (effect === undefined) {
    if (!removes) return `"${item}" names no effect: ${taintEffects.join(", ")}`;
    return value === undefined
      ? { key, value: null }
      : `"${item}" takes away a value without an effect; write ${key}=${value}:NoSchedule- or ${key}-`;
  }
  if (!isEffect(effect)) return `"${effect}" is no effect: ${taintEffects.join(", ")}`;
  return { key, effect, value: removes ? null : (value ?? "") };
}

function isEffect(text: string): text is TaintEffect {
  return taintEffects.some((effect) => effect === text);
}

/** Are both about the same taint of a node? */
function meet(one: TaintChange, other: TaintChange): boolean {
  return one.key === other.key && (one.effect === undefined || other.effect === undefined || one.effect === other.effect);
}
