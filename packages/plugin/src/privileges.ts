import type { SecurityContext } from "./pod-body.ts";

/** What a plug-in may do beyond a plain container: `privileged`, or `capability:NAME`. The manifest asks, the team allows, the host enforces. */
export type Privilege = "privileged" | `capability:${string}`;

/** Linux capabilities that every plug-in container keeps; all others must be asked for. */
export const plainCapabilities: readonly string[] = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETUID",
];

/** The privileges that a security context asks for, sorted. */
export function privilegesOf(context: SecurityContext): readonly Privilege[] {
  const capabilities = (context.capabilities?.add ?? [])
    .filter((name) => !plainCapabilities.includes(name))
    .map((name) => `capability:${name}` as const);
  return [...new Set<Privilege>(context.privileged === true ? ["privileged", ...capabilities] : capabilities)].sort();
}

/** Those asked for that are not allowed. */
export function missingPrivileges(asked: readonly Privilege[], allowed: readonly string[]): readonly Privilege[] {
  return asked.filter((privilege) => !allowed.includes(privilege));
}
