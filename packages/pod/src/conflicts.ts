import type { Port, Protocol } from "@outrigger/plugin";
import type { ComposeInput } from "./compose-input.ts";
import type { Placed } from "./order.ts";
import { protocolsTaken, type Side, takersOf } from "./traffic.ts";
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
  reportTraffic(placed, "ingress", input.component.ports, report);
  reportTraffic(
    placed,
    "egress",
    input.downstream.flatMap(({ ports }) => ports),
    report,
  );
  reportUsers(input, placed, report);
}

/** Two plug-ins on the same traffic are a chain where before/after says who is first, and a conflict where nothing does. */
function reportTraffic(placed: readonly Placed[], side: Side, ports: readonly Port[], report: Report): void {
  const takers = takersOf(side, placed);
  const protocolsOf = ({ installation }: Placed): ReadonlySet<Protocol> => protocolsTaken(installation.spec, side, ports);
  for (const [at, second] of takers.entries()) {
    for (const first of takers.slice(0, at)) {
      if (areOrdered(first, second)) continue;
      const both = protocolsOf(first).intersection(protocolsOf(second));
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

/** The calls of an egress plug-in are told from the app's by its user. */
function reportUsers({ component }: ComposeInput, placed: readonly Placed[], report: Report): void {
  const user = component.securityContext.runAsUser ?? 0;
  for (const { installation, index } of takersOf("egress", placed)) {
    if (installation.spec.pod.securityContext.runAsUser !== user) continue;
    report({
      path: ["plugins", index],
      code: "conflict",
      message: `${installation.plugin} and the app both run as the user ${user}, so their calls could not be told apart.`,
      found: String(user),
      hint: "Give one of them another `securityContext: { runAsUser }`.",
    });
  }
}

function areOrdered(a: Placed, b: Placed): boolean {
  const names = (place: Placed): readonly string[] => [...place.installation.spec.pod.before, ...place.installation.spec.pod.after];
  return names(a).includes(b.installation.plugin) || names(b).includes(a.installation.plugin);
}
