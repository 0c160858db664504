import type { PlainProblem } from "@outrigger/plugin";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import { dataProblem } from "./common-problems.ts";

export type RenderedData = { readonly text: string } | { readonly text?: undefined; readonly problems: readonly PlainProblem[] };

/** A plug-in's text with a host's variables filled in, where `template: true` asks for it. */
export function renderData(plugin: ClusterPlugin, env: Readonly<Record<string, string>>, text: string = String(plugin.data)): RenderedData {
  if (!plugin.template) return { text };
  const problems: PlainProblem[] = [];
  const rendered = text.replace(/\{\{\s*(.*?)\s*\}\}/g, (whole, inside: string) => {
    const name = /^\.(\w+)$/.exec(inside)?.[1];
    const value = name === undefined ? undefined : env[name];
    if (value === undefined) problems.push(dataProblem("variable-unknown", `${whole} names no variable.`, "Add it to `env`."));
    return value ?? "";
  });
  return problems.length === 0 ? { text: rendered } : { problems };
}
