import { isObject } from "@outrigger/sdk";

/** Keys whose values hold variables. */
const variables: ReadonlySet<string> = new Set(["Env", "env", "envs"]);
const secretName = /passw|secret|token|credential|authorization|api-?key|private-?key/i;

/** A value as traces keep it: variables keep their names only, and what is called like a secret is hidden. */
export function redact(value: unknown, key = ""): unknown {
  if (variables.has(key)) return redactVariables(value);
  if (secretName.test(key) && value !== null && typeof value !== "boolean") return "(hidden)";
  if (typeof value === "string") return value.replaceAll(/(passw\w*|secret|token)=[^,&\s]*/gi, "$1=(hidden)");
  if (Array.isArray(value)) return value.map((each) => redact(each));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, redact(child, name)]));
}

/** Lists of NAME=VALUE (the engine) and of { key, value } (the CRI), and mappings. */
function redactVariables(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((each) =>
      typeof each === "string" ? each.replace(/=.*$/s, "=(hidden)") : isObject(each) ? { ...each, value: "(hidden)" } : "(hidden)",
    );
  }
  return isObject(value) ? Object.fromEntries(Object.keys(value).map((name) => [name, "(hidden)"])) : "(hidden)";
}
