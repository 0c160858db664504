import type { PlainProblem } from "@outrigger/plugin";
import { renderTemplate } from "../../files/template.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";

export type RenderedText = { readonly text: string } | { readonly text?: undefined; readonly problem: PlainProblem };

/** A text of a plug-in with a host's variables filled in, where `template: true` asks for it. */
export function renderText(plugin: ClusterPlugin, field: "data" | "undo", env: Readonly<Record<string, string>>): RenderedText {
  const text = String(plugin[field] ?? "");
  if (!plugin.template) return { text };
  const rendering = renderTemplate(text, env);
  if (rendering.ok) return { text: rendering.text };
  const { line, column, message } = rendering.fault;
  const problem: PlainProblem = {
    path: ["spec", field],
    code: "wrong-value",
    message: `Line ${line}, column ${column}: ${message}`,
    hint: "Mend the template, add the variable to `env`, or remove `template: true`.",
  };
  return { problem };
}
