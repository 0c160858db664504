import { matchesAny } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { type Fields, flagOf, mapOf, numberOf, textOf, textsOf } from "./fields.ts";
import { listed, shown, type Violation, type Violations } from "./violation.ts";

/** What loosens the walls around a container. */
export function* judgeSecurity(rules: Rules, host: Fields): Violations {
  if (!rules.privileged && flagOf(host, "Privileged")) {
    yield {
      rule: "privileged",
      message: "Privileged containers are not allowed.",
      hint: "Ask for the single capabilities or devices that are needed.",
    };
  }
  for (const field of ["CapAdd", "Capabilities"]) {
    for (const capability of textsOf(host, field)) {
      const name = capability.toUpperCase().replace(/^CAP_/, "");
      if (!matchesAny(name, rules.capabilities)) yield not("capabilities", `The capability ${shown(name)}`, rules.capabilities);
    }
  }
  for (const option of textsOf(host, "SecurityOpt")) {
    const plain = option.includes("=") ? option : option.replace(":", "=");
    if (!matchesAny(plain, rules.securityOptions))
      yield not("securityOptions", `The security option ${shown(plain)}`, rules.securityOptions);
  }
  // An empty list is not an absent one: it unmasks everything.
  for (const field of ["MaskedPaths", "ReadonlyPaths"]) {
    const given = host[field] !== undefined && host[field] !== null;
    if (given && !rules.unmaskedPaths)
      yield { rule: "unmaskedPaths", message: `${field} may not be set.`, hint: "Leave it out: the engine's own list then holds." };
  }
  yield* single(rules.runtimes, "runtimes", "The runtime", textOf(host, "Runtime"));
  yield* single(rules.cgroupParents, "cgroupParents", "The cgroup parent", textOf(host, "CgroupParent"));
  yield* keys(rules.sysctls, "sysctls", "The sysctl", mapOf(host, "Sysctls"));
  yield* keys(rules.annotations, "annotations", "The annotation", mapOf(host, "Annotations"));
  yield* keys(rules.storageOptions, "storageOptions", "The storage option", mapOf(host, "StorageOpt"));
  yield* judgePriority(rules, host);
}

function* judgePriority(rules: Rules, host: Fields): Violations {
  if (!rules.oomProtection) {
    if (flagOf(host, "OomKillDisable")) yield { rule: "oomProtection", message: "OomKillDisable is not allowed." };
    if ((numberOf(host, "OomScoreAdj") ?? 0) < 0) yield { rule: "oomProtection", message: "A negative OomScoreAdj is not allowed." };
  }
  for (const field of ["CpuRealtimePeriod", "CpuRealtimeRuntime"]) {
    const value = numberOf(host, field) ?? 0;
    if (value !== 0 && !rules.realtime) yield { rule: "realtime", message: `${field} is not allowed.` };
  }
}

function* single(allowed: readonly string[], rule: string, what: string, value: string): Violations {
  if (value !== "" && (!matchesAny(value, allowed) || value.includes(".."))) yield not(rule, `${what} ${shown(value)}`, allowed);
}

function* keys(allowed: readonly string[], rule: string, what: string, values: Readonly<Record<string, string>>): Violations {
  for (const key of Object.keys(values)) {
    if (!matchesAny(key, allowed) || key.includes("..")) yield not(rule, `${what} ${shown(key)}`, allowed);
  }
}

function not(rule: string, what: string, allowed: readonly string[]): Violation {
  return { rule, message: `${what} is not allowed; allowed: ${listed(allowed)}.` };
}
