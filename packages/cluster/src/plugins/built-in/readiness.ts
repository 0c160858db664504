import type { KubernetesNode, KubernetesObject } from "@outrigger/sdk";

/** Why a node is not ready, in a phrase; nothing where it is. */
export function nodeFaults({ metadata: { name }, status }: KubernetesNode): readonly string[] {
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return [];
  const reason = ready?.message ?? ready?.reason;
  return [`node ${name} is not Ready${reason === undefined ? "" : ` (${reason})`}`];
}

/** Why pods of a namespace are not ready. Those that have ended well, and those that are going, need not be; but there must be one. */
export function podFaults(namespace: string, pods: readonly KubernetesObject[]): readonly string[] {
  if (pods.length === 0) return [`${namespace} has no pods`];
  return pods.flatMap(({ metadata, status }) => {
    if (status?.["phase"] === "Succeeded" || "deletionTimestamp" in metadata) return [];
    const containers = listOf(status?.["containerStatuses"]);
    const waiting = containers.filter((container) => container["ready"] !== true);
    const conditions = listOf(status?.["conditions"]);
    const ready = conditions.some((condition) => condition["type"] === "Ready" && condition["status"] === "True");
    if (ready && waiting.length === 0) return [];
    const names = waiting.map((container) => `${String(container["name"])}${reasonOf(container)}`).join(", ");
    return [`pod ${namespace}/${metadata.name} is ${phaseOf(status)}, not ready${names === "" ? "" : `: ${names}`}`];
  });
}

type Fields = Readonly<Record<string, unknown>>;

function reasonOf(container: Fields): string {
  const state = fieldsOf(container["state"]);
  const reason = fieldsOf(state["waiting"])["reason"] ?? fieldsOf(state["terminated"])["reason"];
  return typeof reason === "string" ? ` (${reason})` : "";
}

function phaseOf(status: Fields | undefined): string {
  const phase = status?.["phase"];
  return typeof phase === "string" ? phase : "unknown";
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
