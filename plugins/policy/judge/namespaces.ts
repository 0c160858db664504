import { matchesAny } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { type Fields, fieldsOf, textOf } from "./fields.ts";
import { listed, shown, type Violations } from "./violation.ts";

type Namespace = keyof Rules["namespaces"];

const modes: Readonly<Record<string, Namespace>> = {
  NetworkMode: "network",
  PidMode: "pid",
  IpcMode: "ipc",
  UTSMode: "uts",
  UsernsMode: "user",
  CgroupnsMode: "cgroup",
  Cgroup: "cgroup",
};

/** The host's namespaces, and those of other containers. */
export function* judgeNamespaces(rules: Rules, body: Fields, host: Fields): Violations {
  for (const [field, namespace] of Object.entries(modes)) yield* judgeNamespace(rules, namespace, textOf(host, field));
  for (const network of Object.keys(fieldsOf(fieldsOf(body, "NetworkingConfig"), "EndpointsConfig"))) {
    yield* judgeNamespace(rules, "network", network);
  }
}

/** One's own is always allowed. Anything shared (`host`, `container:NAME`, and what other engines write with a colon or a slash) must be named by a pattern. */
export function* judgeNamespace(rules: Rules, namespace: Namespace, value: string): Violations {
  if (value === "" || value === "private") return;
  const allowed = rules.namespaces[namespace];
  const shared = value === "host" || /[:/]/.test(value);
  const patterns = shared ? allowed.filter((pattern) => pattern === "host" || /[:/]/.test(pattern)) : allowed;
  if (matchesAny(value, patterns)) return;
  yield {
    rule: "namespaces",
    message: `The ${namespace} namespace ${shown(value)} is not allowed; allowed: ${shared ? listed(patterns) : listed(allowed)}.`,
    hint: "Leave the mode out: the container then has a namespace of its own.",
  };
}
