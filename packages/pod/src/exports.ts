import type { Component } from "@outrigger/plugin";
import type { Placed } from "./order.ts";
import type { PodExport } from "./pod.ts";
import { namesVariable } from "./references.ts";
import { type Expanded, expand, type Report, type SharedVariables } from "./variables.ts";

/** What the app's plug-ins hand to it; empty entries are left out. */
export function podExports(ordered: readonly Placed[]): readonly PodExport[] {
  return ordered.flatMap(({ installation: { plugin, spec } }): readonly PodExport[] => {
    const { env, mounts } = spec.pod.exports;
    const names = Object.keys(env).sort();
    return names.length === 0 && mounts.length === 0 ? [] : [{ plugin, env: names, mounts: mounts.map(({ path }) => path) }];
  });
}

/**
 * The app's variables with those that its plug-ins hand over, in the plug-ins' order. One that names itself adds to what is there; any other that is
 * there already is a problem.
 */
export function appVariables(component: Component, shared: SharedVariables, ordered: readonly Placed[], report: Report): SharedVariables {
  if (ordered.every(({ installation }) => Object.keys(installation.spec.pod.exports.env).length === 0)) return shared;
  const all = new Map<string, Expanded>(shared);
  const giver = new Map<string, string>();
  for (const { installation, index } of ordered) {
    for (const [name, text] of Object.entries(installation.spec.pod.exports.env)) {
      if (all.has(name) && !namesVariable(text, name)) {
        const other = giver.get(name);
        report({
          path: ["plugins", index],
          code: "conflict",
          message: `${installation.plugin} hands the variable ${name} to the app, which ${other === undefined ? `${component.name} sets itself` : `${other} hands to it already`}.`,
          found: name,
          hint: `Remove ${name} from the component's env, or have the plug-in add to it: \`${name}: "\${${name}:} ..."\`.`,
        });
      }
      all.set(
        name,
        expand(text, (other) => all.get(other), ["plugins", index, "exports", "env", name], report),
      );
      giver.set(name, installation.plugin);
    }
  }
  return all;
}
