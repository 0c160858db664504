import type { PlainProblem } from "@outrigger/plugin";
import { clusterErrors } from "../../errors.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import type { Host } from "../../model/host.ts";
import type { HostScript } from "../../plan/plan.ts";
import type { ScriptedType, ScriptPlace } from "../plugin-type.ts";
import { dataProblem } from "./common-problems.ts";
import { renderText } from "./render-data.ts";

/** SHELL: the data is a bash script, run in the rootfs where that is on the host, with the host's variables. `undo` is one, too. */
export const shellType: ScriptedType = {
  type: "SHELL",
  kind: "scripted",
  check: (plugin, hosts) => [
    ...textProblems(plugin, "data", hosts),
    ...(plugin.undo === undefined ? [] : textProblems(plugin, "undo", hosts)),
  ],
  script: (plugin, place) => scriptOf(plugin, "data", place),
  undo: (plugin, place) => (plugin.undo === undefined ? undefined : scriptOf(plugin, "undo", place)),
};

function textProblems(plugin: ClusterPlugin, field: "data" | "undo", hosts: readonly Host[]): readonly PlainProblem[] {
  const text = plugin[field];
  const form = { ...dataProblem("wrong-type", "", `Write \`${field}: |\` and the script below it.`), path: ["spec", field] };
  if (text === undefined) return [{ ...form, code: "missing-key", message: "A SHELL plug-in has no script." }];
  if (typeof text !== "string") return [{ ...form, message: `\`${field}\` of a SHELL plug-in is a script: text.` }];
  if (text.includes("\0")) return [{ ...form, code: "wrong-value", message: "A script can't hold the character NUL." }];
  if (!/^\s*[^#\s]/m.test(text)) return [{ ...form, code: "wrong-value", message: "The script has no command." }];
  // What fails on one host fails on many: the first says enough.
  for (const { env } of hosts) {
    const rendered = renderText(plugin, field, env);
    if (rendered.text === undefined) return [rendered.problem];
  }
  return [];
}

function scriptOf(plugin: ClusterPlugin, field: "data" | "undo", { host, rootfs }: ScriptPlace): HostScript {
  const rendered = renderText(plugin, field, host.env);
  if (rendered.text === undefined) throw clusterErrors["plugin-data-invalid"]({ plugin: plugin.name, reason: rendered.problem.message });
  const text = rendered.text.endsWith("\n") ? rendered.text : `${rendered.text}\n`;
  const where = rootfs === undefined ? {} : { workingDirectory: rootfs };
  return { text, env: host.env, ...where, strict: plugin.strict, skipWithoutDirectory: false };
}
