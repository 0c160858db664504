import { keyFault, type PlainProblem, valueFault } from "@outrigger/plugin";
import type { NodeChange } from "../../kubernetes/node-change.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import type { Host } from "../../model/host.ts";
import type { CalledType } from "../plugin-type.ts";
import { dataProblem, unusedTargets } from "./common-problems.ts";
import { readDataLines } from "./data-lines.ts";
import { nodeType } from "./node-type.ts";

const form = "IPS key=value,key2=value2,key3-";

/** LABEL: lines `IPS key=value,key2-`, put on nodes and taken away. The data says which nodes; lines of one address add up. */
export const labelType: CalledType = nodeType("LABEL", readLabels, (plugin, hosts) => [
  ...unusedTargets(plugin, "its data says which hosts it is about"),
  ...readLabels(plugin, hosts).problems,
]);

export function readLabels(
  plugin: ClusterPlugin,
  hosts: readonly Host[],
): { readonly changes: ReadonlyMap<string, NodeChange>; readonly problems: readonly PlainProblem[] } {
  const { lines, problems: found } = readDataLines(plugin, hosts, form);
  const problems = [...found];
  const labels = new Map<string, Map<string, string | null>>();
  for (const { number, hosts: named, words } of lines) {
    const complain = (message: string, code: PlainProblem["code"] = "wrong-value"): void =>
      void problems.push(dataProblem(code, `Line ${number} of the data: ${message}.`, `Lines are \`${form}\`.`));
    for (const item of words.flatMap((text) => text.split(","))) {
      const label = readLabel(item);
      if (typeof label === "string") {
        complain(label);
        continue;
      }
      for (const { ip } of named) {
        const known = labels.get(ip) ?? new Map<string, string | null>();
        labels.set(ip, known);
        const before = known.get(label.key);
        if (before !== undefined && before !== label.value)
          complain(`${ip} gets ${label.key} in two ways: ${shown(label.key, before)} and ${item}`, "conflict");
        known.set(label.key, label.value);
      }
    }
  }
  return { changes: new Map([...labels].map(([ip, all]) => [ip, { labels: Object.fromEntries(all), taints: [] }])), problems };
}

/** @returns the label (`null`: to take away), or what is wrong */
function readLabel(item: string): { readonly key: string; readonly value: string | null } | string {
  if (item === "") return "there is nothing between two commas, or after the last";
  const at = item.indexOf("=");
  if (at === -1 && !item.endsWith("-")) return `"${item}" is neither key=value nor key-`;
  const key = at === -1 ? item.slice(0, -1) : item.slice(0, at);
  const value = at === -1 ? null : item.slice(at + 1);
  return keyFault(key) ?? (value === null ? undefined : valueFault(value)) ?? { key, value };
}

function shown(key: string, value: string | null): string {
  return value === null ? `${key}-` : `${key}=${value}`;
}
