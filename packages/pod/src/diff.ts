import { containerChanges, same } from "./container-changes.ts";
import type { Container, ContainerRole, Discovery, Pod } from "./pod.ts";

/** What a change costs: nothing, nothing that stops, one container, or the whole pod. In rising order. */
export type ChangeKind = "none" | "hot" | "restart" | "recreate";

/** One change between two pods, with its reason in words. */
export interface PodChange {
  readonly kind: Exclude<ChangeKind, "none">;
  /** The container that is started, stopped or replaced; only for `restart`. */
  readonly container?: string;
  readonly action?: "add" | "remove" | "replace";
  readonly reason: string;
}

export interface PodDiff {
  /** The greatest kind among the changes. */
  readonly kind: ChangeKind;
  readonly changes: readonly PodChange[];
}

const unchanged: PodDiff = { kind: "none", changes: [] };
const rank: Readonly<Record<ChangeKind, number>> = { none: 0, hot: 1, restart: 2, recreate: 3 };

/**
 * What must happen to make `before` into `after`; undefined `before`: the pod does not run yet.
 *
 * Recreated is what only a new pod can have: ports, kinds of volumes and init containers (they end before the app starts, so a changed app comes after
 * them too). A sidecar, a network plug-in, or an app without init containers, is replaced alone. Live settings, the ways of traffic and the number
 * of pods change while all that serves goes on. The order among plug-ins counts only at their start, so it is no change.
 */
export function diff(before: Pod | undefined, after: Pod): PodDiff {
  if (before === undefined) return { kind: "recreate", changes: [{ kind: "recreate", reason: `${after.name} is new` }] };
  if (same(before, after)) return unchanged;
  const whole = [...portChanges(before, after), ...volumeChanges(before, after), ...orderChanges(before, after)];
  const hot = [...wayChanges(before, after), ...replicaChanges(before, after), ...discoveryChanges(before, after)];
  const changes = [...whole, ...containersChanges(before, after), ...hot];
  const kind = changes.reduce<ChangeKind>((most, change) => (rank[change.kind] > rank[most] ? change.kind : most), "none");
  return { kind, changes };
}

function recreate(reason: string): PodChange {
  return { kind: "recreate", reason };
}

function portChanges(before: Pod, after: Pod): readonly PodChange[] {
  const text = (pod: Pod): string =>
    pod.ports
      .map(({ port, protocol, publish }) => `${port}/${protocol}${publish ? ` published on ${publish.address}:${publish.port}` : ""}`)
      .join(", ") || "none";
  if (text(before) === text(after)) return [];
  return [recreate(`the ports change from ${text(before)} to ${text(after)}`)];
}

/** Who stands in the way of which traffic. */
function wayChanges(before: Pod, after: Pod): readonly PodChange[] {
  const entries = after.ports.flatMap(({ port, entry, inner }): readonly PodChange[] => {
    const old = before.ports.find((other) => other.port === port);
    if (old === undefined || (old.entry === entry && same(old.inner, inner))) return [];
    const way = entry === undefined ? "goes to the app directly" : `goes in at ${[entry, ...(inner ?? [])].join(", then ")}`;
    return [{ kind: "hot", reason: `traffic for port ${port} ${way}` }];
  });
  if (same(before.detours, after.detours)) return entries;
  const calls = after.detours.map(({ component, port, listen }) => `${component}:${port} by ${listen}`).join(", ");
  return [...entries, { kind: "hot", reason: calls === "" ? "calls go to all dependencies directly" : `calls go to ${calls}` }];
}

function replicaChanges(before: Pod, after: Pod): readonly PodChange[] {
  if (before.replicas === after.replicas) return [];
  const [more, count] = [after.replicas > before.replicas, Math.abs(after.replicas - before.replicas)];
  return [
    {
      kind: "hot",
      reason: `${count} ${count === 1 ? "pod" : "pods"} ${more ? "more" : "fewer"}: ${after.replicas} instead of ${before.replicas}`,
    },
  ];
}

function volumeChanges(before: Pod, after: Pod): readonly PodChange[] {
  const old = new Map(before.volumes.map((volume) => [volume.name, volume.ephemeral]));
  const changed = after.volumes.filter(({ name, ephemeral }) => old.has(name) && old.get(name) !== ephemeral);
  return changed.map(({ name, ephemeral }) => recreate(`the volume ${name} becomes ${ephemeral ? "ephemeral" : "lasting"}`));
}

function namesOf(pod: Pod, role: ContainerRole): readonly string[] {
  return pod.containers.filter((container) => container.role === role).map(({ name }) => name);
}

function orderChanges(before: Pod, after: Pod): readonly PodChange[] {
  const [old, now] = [namesOf(before, "init"), namesOf(after, "init")];
  if (same(old, now)) return [];
  return [recreate(`init plug-ins run before the app, and they change from ${old.join(", ") || "none"} to ${now.join(", ") || "none"}`)];
}

function containersChanges(before: Pod, after: Pod): readonly PodChange[] {
  const old = new Map(before.containers.map((container) => [container.name, container]));
  const now = new Set(after.containers.map(({ name }) => name));
  const hasInit = after.containers.some(({ role }) => role === "init");
  const removed = before.containers.filter(({ name, role }) => isBeside(role) && !now.has(name));
  return [
    ...removed.map(({ name }): PodChange => ({ kind: "restart", container: name, action: "remove", reason: `${name} is removed` })),
    ...after.containers.flatMap((container) => {
      const earlier = old.get(container.name);
      if (earlier === undefined) return isBeside(container.role) ? [restart(container, "add", `${container.name} is added`)] : [];
      const reasons = containerChanges(earlier, container);
      if (reasons.length === 0) return [];
      const reason = `${container.name}: ${reasons.join("; ")}`;
      if (container.role === "init" || earlier.role !== container.role) return [recreate(reason)];
      if (container.role === "app" && hasInit) return [recreate(`${reason} (init plug-ins run before the app)`)];
      return [restart(container, "replace", reason)];
    }),
  ];
}

/** Comes and goes while the app runs. */
function isBeside(role: ContainerRole): boolean {
  return role === "sidecar" || role === "network";
}

function restart(container: Container, action: "add" | "replace", reason: string): PodChange {
  return { kind: "restart", container: container.name, action, reason };
}

/** Settings that come or go belong to a container that does so too; only changed ones are hot. */
function discoveryChanges(before: Pod, after: Pod): readonly PodChange[] {
  return Object.entries(after.discovery).flatMap(([plugin, { document, files }]): readonly PodChange[] => {
    const earlier: Discovery | undefined = before.discovery[plugin];
    if (earlier === undefined || (same(earlier.document, document) && same(earlier.files, files))) return [];
    return [{ kind: "hot", reason: `${plugin}: its live settings change` }];
  });
}
