import { foldKey } from "@outrigger/sdk";
import type { AuthzRequest } from "@outrigger/sdk/driver";
import { folded, readBody } from "../request/body.ts";
import type { Target } from "../request/target.ts";

/** Parameters that never hold a secret. Of all others only the name is written down. */
const plainParameters: ReadonlySet<string> = new Set(
  "all container dockerfile filters follow force fromimage link limit name noprune path platform pause reference repo signal size since stderr stdout stream t tag tail timeout timestamps until v version"
    .split(" ")
    .concat(["remote-name"]),
);
const longest = 1000;

/** What is written down of a request: never a header but the client's own name, and of the body only chosen fields. */
export function describeRequest(
  { user, authenticationMethod, method, uri, headers, body }: AuthzRequest,
  target: Target | undefined,
  fields: readonly string[],
): Readonly<Record<string, unknown>> {
  const client = Object.entries(headers).find(([key]) => key.toLowerCase() === "user-agent")?.[1];
  return {
    ...(user === undefined ? {} : { user }),
    ...(authenticationMethod === undefined ? {} : { authentication: authenticationMethod }),
    ...(client === undefined ? {} : { client: cut(client) }),
    method,
    ...(target === undefined ? { uri: cut(uri.split("?", 1)[0] ?? "") } : describeTarget(target)),
    ...describeBody(body, fields),
  };
}

function describeTarget({ path, version, query }: Target): Readonly<Record<string, unknown>> {
  const parameters = [...query].map(([key, value]) => [
    cut(key),
    plainParameters.has(key.toLowerCase()) ? cut(value) : "(not written down)",
  ]);
  return {
    path: cut(path),
    ...(version === undefined ? {} : { version }),
    ...(parameters.length === 0 ? {} : { query: Object.fromEntries(parameters) }),
  };
}

function describeBody(body: Buffer | undefined, names: readonly string[]): Readonly<Record<string, unknown>> {
  const read = body === undefined ? undefined : readBody(body);
  if (read === undefined) return {};
  const found = names.flatMap((name) => {
    const value = name.split(".").reduce<unknown>((object, key) => (object === read ? read : folded(object))?.get(foldKey(key)), read);
    return value === undefined || value === null ? [] : [[name, cutValue(value)] as const];
  });
  return found.length === 0 ? {} : { fields: Object.fromEntries(found) };
}

function cutValue(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length <= longest ? value : cut(text);
}

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}...`;
}
