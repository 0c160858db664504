import { formatCpu, formatMemory } from "@outrigger/plugin";
import type { Container, ContainerResources, Mount, Variable } from "./pod.ts";

/** Equality of plain data: what node:util's isDeepStrictEqual says, several times as fast for trees without classes. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((element, index) => same(element, b[index]));
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  let keys = 0;
  for (const key in left) {
    if (!Object.hasOwn(right, key) || !same(left[key], right[key])) return false;
    keys += 1;
  }
  for (const _ in right) keys -= 1;
  return keys === 0;
}

/** What differs between two containers of one name, in words; empty when nothing does. */
export function containerChanges(before: Container, after: Container): readonly string[] {
  if (same(before, after)) return [];
  return [
    ...versionChange(before, after),
    ...(before.role === after.role ? [] : [`it moves from ${before.role} to ${after.role}`]),
    ...(before.image === after.image ? [] : [`the image changes from ${shorten(before.image)} to ${shorten(after.image)}`]),
    ...(["command", "args", "workingDir"] as const).flatMap((key) => (same(before[key], after[key]) ? [] : [`the ${words[key]} changes`])),
    ...variableChanges(before.env, after.env),
    ...mountChanges(before.mounts, after.mounts),
    ...(same(before.fileDirectories, after.fileDirectories) ? [] : ["the directories of its kept files change"]),
    ...resourceChanges(before.resources, after.resources),
    ...(["readiness", "liveness", "startup"] as const).flatMap((key) =>
      same(before[key], after[key]) ? [] : [`the ${key} probe changes`],
    ),
    ...(same(before.securityContext, after.securityContext) ? [] : ["the security context changes"]),
    ...(before.terminationGracePeriodSeconds === after.terminationGracePeriodSeconds
      ? []
      : [`the time it has to end changes from ${before.terminationGracePeriodSeconds} s to ${after.terminationGracePeriodSeconds} s`]),
  ];
}

const words: Readonly<Record<"command" | "args" | "workingDir", string>> = {
  command: "command",
  args: "arguments",
  workingDir: "working directory",
};

function versionChange(before: Container, after: Container): readonly string[] {
  const [old, now] = [before.plugin?.version, after.plugin?.version];
  return old === now ? [] : [`the version changes from ${old ?? "none"} to ${now ?? "none"}`];
}

function variableChanges(before: readonly Variable[], after: readonly Variable[]): readonly string[] {
  const old = new Map(before.map((variable) => [variable.name, variable]));
  const now = new Map(after.map((variable) => [variable.name, variable]));
  return [
    ...after.filter(({ name }) => !old.has(name)).map(({ name }) => `the variable ${name} is added`),
    ...before.filter(({ name }) => !now.has(name)).map(({ name }) => `the variable ${name} is removed`),
    ...after.flatMap((variable) => {
      const earlier = old.get(variable.name);
      if (earlier === undefined || same(earlier, variable)) return [];
      return [`the variable ${variable.name} changes${fromTo(earlier, variable)}`];
    }),
  ];
}

/** Texts are shown, secrets never. */
function fromTo(before: Variable, after: Variable): string {
  return "value" in before && "value" in after
    ? ` from ${JSON.stringify(shorten(before.value))} to ${JSON.stringify(shorten(after.value))}`
    : "";
}

function mountChanges(before: readonly Mount[], after: readonly Mount[]): readonly string[] {
  const text = (mount: Mount): string => `${mount.volume} at ${mount.path}${mount.readOnly ? " (read-only)" : ""}`;
  const old = new Set(before.map(text));
  const now = new Set(after.map(text));
  return [
    ...[...now].filter((mount) => !old.has(mount)).map((mount) => `the volume ${mount} is mounted`),
    ...[...old].filter((mount) => !now.has(mount)).map((mount) => `the volume ${mount} is no longer mounted`),
  ];
}

function resourceChanges(before: ContainerResources, after: ContainerResources): readonly string[] {
  return (["limits", "requests"] as const).flatMap((kind) =>
    (["memory", "cpu"] as const).flatMap((what) => {
      const format = what === "memory" ? formatMemory : formatCpu;
      const [old, now] = [before[kind][what], after[kind][what]];
      const text = (amount: number | undefined): string => (amount === undefined ? "none" : format(amount));
      return old === now ? [] : [`the ${what === "cpu" ? "CPU" : what} ${kind.slice(0, -1)} changes from ${text(old)} to ${text(now)}`];
    }),
  );
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
