import type { Component, PodPluginSpec, Protocol } from "@outrigger/plugin";
import type { ComposeInput } from "./compose-input.ts";
import type { Placed } from "./order.ts";
import type { Report } from "./variables.ts";

/** Says which plug-ins can't stand in one pod: the same name twice, a name that is the component's, two that take over the same traffic in no order. */
export function reportConflicts(input: ComposeInput, placed: readonly Placed[], report: Report): void {
  const seen = new Set<string>([input.component.name]);
  for (const { installation, index } of placed) {
    if (seen.has(installation.plugin)) {
      const isComponent = installation.plugin === input.component.name;
      report({
        path: ["plugins", index],
        code: "conflict",
        message: isComponent
          ? `The plug-in ${installation.plugin} has the component's own name; both would be the container ${installation.plugin}.`
          : `${installation.plugin} is installed twice on ${input.component.name}.`,
        hint: isComponent ? "Rename the component or the plug-in." : "Keep one of the two.",
      });
    }
    seen.add(installation.plugin);
  }
  reportTraffic(placed, "ingress", (spec) => portProtocols(spec, input.component), report);
  reportTraffic(placed, "egress", (spec) => downstreamProtocols(spec, input), report);
}

/** Two plug-ins on the same traffic are a chain where before/after says who is first, and a conflict where nothing does. */
function reportTraffic(
  placed: readonly Placed[],
  side: "ingress" | "egress",
  protocolsOf: (spec: PodPluginSpec) => ReadonlySet<Protocol>,
  report: Report,
): void {
  const takers = placed.filter(
    ({ installation }) => installation.spec.pod.type === side || installation.spec.pod.type === "ingress-egress",
  );
  for (const [at, second] of takers.entries()) {
    for (const first of takers.slice(0, at)) {
      if (areOrdered(first, second)) continue;
      const both = protocolsOf(first.installation.spec).intersection(protocolsOf(second.installation.spec));
      if (both.size === 0) continue;
      const [one, two] = [first.installation.plugin, second.installation.plugin];
      report({
        path: ["plugins", second.index],
        code: "conflict",
        message: `${two} and ${one} both take over the component's ${side === "ingress" ? "incoming" : "outgoing"} ${[...both].sort().join(", ")} traffic, and nothing says which comes first.`,
        found: two,
        hint: `Uninstall one of them, or chain them: write \`after: [${one}]\` or \`before: [${one}]\` in the plugin.yaml of ${two}.`,
      });
    }
  }
}

function areOrdered(a: Placed, b: Placed): boolean {
  const names = (place: Placed): readonly string[] => [...place.installation.spec.pod.before, ...place.installation.spec.pod.after];
  return names(a).includes(b.installation.plugin) || names(b).includes(a.installation.plugin);
}

function portProtocols(spec: PodPluginSpec, component: Component): ReadonlySet<Protocol> {
  return handled(
    spec,
    "port",
    component.ports.map((port) => port.protocol),
  );
}

function downstreamProtocols(spec: PodPluginSpec, input: ComposeInput): ReadonlySet<Protocol> {
  return handled(
    spec,
    "downstream-port",
    input.downstream.flatMap(({ ports }) => ports.map((port) => port.protocol)),
  );
}

/** The protocols, of those there are, that the plug-in's port groups have settings for; all of them where it names none. */
function handled(spec: PodPluginSpec, dependsOn: "port" | "downstream-port", there: readonly Protocol[]): ReadonlySet<Protocol> {
  const items = spec.config.filter((group) => group.dependsOn === dependsOn).flatMap((group) => group.items);
  if (items.length === 0 || items.some((item) => item.protocol === undefined)) return new Set(there);
  return new Set(there.filter((protocol) => items.some((item) => item.protocol?.includes(protocol))));
}
