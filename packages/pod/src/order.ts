import type { PodPluginType } from "@outrigger/plugin";
import type { PodInstallation } from "./compose-input.ts";
import type { ContainerRole } from "./pod.ts";
import type { Report } from "./variables.ts";

/** An installation with its place in the list it came from. */
export interface Placed {
  readonly installation: PodInstallation;
  readonly index: number;
}

const roles: Readonly<Record<PodPluginType, Exclude<ContainerRole, "app">>> = {
  init: "init",
  ingress: "network",
  egress: "network",
  "ingress-egress": "network",
  performance: "sidecar",
  general: "sidecar",
};

const rank: Readonly<Record<ContainerRole, number>> = { init: 0, network: 1, app: 2, sidecar: 3 };

/** Where a plug-in of this type stands in the pod. */
export function roleOf(type: PodPluginType): Exclude<ContainerRole, "app"> {
  return roles[type];
}

/** Orders by role, then by the before/after graph, then by installation. Says which plug-ins stand in a circle, and which ask for what their role forbids. */
export function orderPlugins(list: readonly Placed[], report: Report): readonly Placed[] {
  const earlier = earlierOf(list);
  for (const place of list) {
    for (const other of earlier.get(place) ?? []) checkRoles(other, place, report);
  }
  const ordered: Placed[] = [];
  const waiting = new Set([...list].sort((a, b) => rankOf(a) - rankOf(b) || a.index - b.index));
  while (waiting.size > 0) {
    const next = waiting.values().find((place) => !hasWaiting(earlier.get(place), waiting, place));
    if (next === undefined) {
      reportCircle(waiting, earlier, report);
      return [...ordered, ...waiting];
    }
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
}

/** For each plug-in, those that must start before it. Plug-ins of other roles do not hold it up: roles are ordered anyway. */
function earlierOf(list: readonly Placed[]): ReadonlyMap<Placed, readonly Placed[]> {
  const byName = new Map(list.map((place) => [place.installation.plugin, place]));
  const earlier = new Map<Placed, Placed[]>();
  const add = (first: Placed | undefined, then: Placed | undefined): void => {
    if (first === undefined || then === undefined || first === then) return;
    const known = earlier.get(then);
    if (known === undefined) earlier.set(then, [first]);
    else known.push(first);
  };
  for (const place of list) {
    for (const name of place.installation.spec.pod.after) add(byName.get(name), place);
    for (const name of place.installation.spec.pod.before) add(place, byName.get(name));
  }
  return earlier;
}

function hasWaiting(earlier: readonly Placed[] | undefined, waiting: ReadonlySet<Placed>, place: Placed): boolean {
  return earlier?.some((other) => waiting.has(other) && rankOf(other) === rankOf(place)) ?? false;
}

function rankOf(place: Placed): number {
  return rank[roleOf(place.installation.spec.pod.type)];
}

function checkRoles(first: Placed, then: Placed, report: Report): void {
  if (rankOf(first) <= rankOf(then)) return;
  const [one, two] = [first.installation, then.installation];
  report({
    path: ["plugins", first.index],
    code: "conflict",
    message: `${one.plugin} (${one.spec.pod.type}) is to start before ${two.plugin} (${two.spec.pod.type}), but ${two.spec.pod.type} plug-ins always start before ${one.spec.pod.type} ones.`,
    hint: "Remove this before/after, or change the type of one of them.",
  });
}

function reportCircle(waiting: ReadonlySet<Placed>, earlier: ReadonlyMap<Placed, readonly Placed[]>, report: Report): void {
  const way: Placed[] = [];
  let place = waiting.values().next().value;
  while (place !== undefined && !way.includes(place)) {
    way.push(place);
    const here: Placed = place;
    place = earlier.get(here)?.find((other) => waiting.has(other) && rankOf(other) === rankOf(here));
  }
  if (place === undefined) return;
  const circle = [...way.slice(way.indexOf(place)), place].map(({ installation }) => installation.plugin).reverse();
  report({
    path: ["plugins", place.index],
    code: "cycle",
    message: `These plug-ins wait for each other in a circle: ${circle.join(" before ")}.`,
    found: circle.join(", "),
    hint: "Remove one of their before/after.",
  });
}
