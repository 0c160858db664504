import { asRecord, asRecords, type ConfigItem, variableField } from "@outrigger/plugin";
import type { FoundContainer, Leftover } from "./find-container.ts";

/** A setting of the new plug-in, as plugin.yaml spells it: what is absent has its default. */
export type ImportedItem = Pick<ConfigItem, "name"> & Partial<ConfigItem>;

/** What Kubernetes' downward API calls the facts of a pod. */
const facts: Readonly<Record<string, string>> = {
  "metadata.name": "${pod.name}",
  "metadata.namespace": "${pod.namespace}",
  "status.podIP": "${pod.ip}",
  "spec.nodeName": "${node.name}",
  "status.hostIP": "${node.ip}",
};

/** Turns variables into settings: literals into defaults, placeholders into required settings, field references into facts, secrets into secrets. */
export function importVariables(found: FoundContainer): {
  readonly items: readonly ImportedItem[];
  readonly leftovers: readonly Leftover[];
} {
  const items = new Map<string, ImportedItem>();
  const leftovers: Leftover[] = [];
  for (const [at, variable] of asRecords(found.container["env"]).entries()) {
    const path = `${found.path}.env[${at}]`;
    const name = String(variable["name"] ?? "");
    const report = (reason: string): void => void leftovers.push({ path: `${path} (${name})`, reason });
    if (!variableField.safeParse(name).success) {
      report("this is no name that a variable can have");
      continue;
    }
    if (items.has(name)) report("it stands twice; the later one counts, as in Kubernetes");
    items.set(name, importVariable(name, variable, found.comments.get(at), report));
  }
  for (const [at, source] of asRecords(found.container["envFrom"]).entries()) {
    const kind = Object.keys(source).find((key) => key.endsWith("Ref")) ?? "a source";
    const reason = `its variables come from ${kind} ${String(asRecord(source[kind])["name"] ?? "")}, which the template does not show; name each as an item`;
    leftovers.push({ path: `${found.path}.envFrom[${at}]`, reason });
  }
  return { items: [...items.values()], leftovers };
}

function importVariable(
  name: string,
  variable: Readonly<Record<string, unknown>>,
  comment: string | undefined,
  report: (reason: string) => void,
): ImportedItem {
  for (const key of Object.keys(variable)) if (!["name", "value", "valueFrom"].includes(key)) report(`${key} has no place in a variable`);
  const described = comment === undefined ? {} : { description: comment };
  const from = asRecord(variable["valueFrom"]);
  const [kind] = Object.keys(from);
  if (kind === undefined) return literal(name, variable["value"], described, report);
  return referenced(name, kind, asRecord(from[kind]), described, report);
}

function literal(name: string, value: unknown, described: { description?: string }, report: (reason: string) => void): ImportedItem {
  const text = String(value ?? "");
  if (/\$\([\w.-]+\)/.test(text)) report("$(NAME) is not expanded in a setting; write the value itself");
  if (text.includes("${")) {
    const template = `Replaces ${text}`;
    return { name, required: true, description: described.description === undefined ? template : `${described.description}. ${template}` };
  }
  return { name, default: text, ...described };
}

function referenced(
  name: string,
  kind: string,
  reference: Readonly<Record<string, unknown>>,
  described: { description?: string },
  report: (reason: string) => void,
): ImportedItem {
  const required = reference["optional"] === true ? {} : { required: true };
  const from = `${String(reference["name"] ?? "")}, key ${String(reference["key"] ?? "")}`;
  if (kind === "secretKeyRef") return { name, type: "secret", ...required, description: describe(described, `From the secret ${from}`) };
  if (kind === "configMapKeyRef") return { name, ...required, description: describe(described, `From the config map ${from}`) };
  const field = String(reference["fieldPath"] ?? "");
  const fact = kind === "fieldRef" ? facts[field] : undefined;
  if (fact !== undefined) return { name, default: fact, editable: false, ...described };
  const what = kind === "fieldRef" ? field : String(reference["resource"] ?? kind);
  report(`${what} is no fact that Outrigger knows; it became a required setting`);
  return { name, required: true, description: describe(described, `Was the ${kind} ${what}`) };
}

function describe({ description }: { readonly description?: string }, text: string): string {
  return description === undefined ? text : `${description}. ${text}`;
}
