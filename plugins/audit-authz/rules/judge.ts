import { posix } from "node:path";
import { matchesAny } from "@outrigger/sdk";
import type { AuthzRequest } from "@outrigger/sdk/driver";
import { type Asked, askedBy, type Bind, isShared } from "../request/asked.ts";
import { readBody } from "../request/body.ts";
import { isOlder, type Target } from "../request/target.ts";
import type { Limits, Rule, Selector } from "./rules.ts";

export interface Verdict {
  readonly allow: boolean;
  /** The rule that has decided. */
  readonly rule?: string;
  /** Why it is refused. */
  readonly reason?: string;
}

/** By the first rule that is for the request; without one it is refused. */
export function judge(rules: readonly Rule[], request: AuthzRequest, target: Target): Verdict {
  const rule = rules.find((each) => isFor(each.for, request, target));
  if (rule === undefined) return { allow: false, reason: "no rule allows it" };
  if (rule.allow === undefined) return { allow: false, rule: rule.name, reason: rule.deny ?? "" };
  const reason = rule.allow === "all" ? undefined : violation(rule.allow, request, target);
  return reason === undefined ? { allow: true, rule: rule.name } : { allow: false, rule: rule.name, reason };
}

/** A caller without a name is one whose name is empty: only `*` matches. */
function isFor({ users, methods, paths }: Selector, { user = "", method }: AuthzRequest, { path }: Target): boolean {
  if (users !== undefined && !matchesAny(user, users)) return false;
  if (methods !== undefined && !methods.includes(method)) return false;
  return paths === undefined || matchesAny(path, paths);
}

/** Routes that do nothing without a body. */
const withBody =
  /^\/(?:containers\/create|containers\/[^/]+\/(?:exec|update)|exec\/[^/]+\/start|volumes\/create|services\/create|services\/[^/]+\/update|networks\/create)$/;
/** Changes there give the host to plug-ins, to a cluster, or to a builder that no plug-in sees. */
const closed = /^\/(?:plugins|swarm|nodes|grpc|debug)(?:\/|$)|^\/containers\/[^/]+\/checkpoints(?:\/|$)/;

/** What the request asks for beyond the limits, or undefined. */
function violation(limits: Limits, request: AuthzRequest, target: Target): string | undefined {
  const { path, version, query } = target;
  if (closed.test(path) && !isReading(request)) return `${path} is only for those who may do everything (allow: all)`;
  const networks = [...query].filter(([key]) => path === "/build" && key.toLowerCase() === "networkmode").map(([, value]) => value);
  if (networks.some((network) => isShared(network) && !mayShare(limits, "network", network))) return "the build's network is not its own";
  if (/^\/containers\/[^/]+\/start$/.test(path) && version !== undefined && isOlder(version, "1.24")) {
    return "before API 1.24 a start could change what the container may do: use a newer one";
  }
  if (request.body === undefined)
    return bodyIsMissing(request, path) ? "its body is not shown to plug-ins: it is larger than 4 MiB, or no JSON" : undefined;
  const body = readBody(request.body);
  return body === undefined ? "its body can be read in more than one way" : excess(limits, askedBy(body));
}

function isReading({ method }: AuthzRequest): boolean {
  return method === "GET" || method === "HEAD";
}

/** Engines before 29.3.1 left away a body of more than 4 MiB, and carried the request out (CVE-2026-34040). */
function bodyIsMissing(request: AuthzRequest, path: string): boolean {
  const { headers } = request;
  if (isReading(request) || path === "/auth") return false;
  const header = (name: string): string => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? "";
  if (withBody.test(path)) return true;
  const length = header("content-length");
  return /^application\/json\b/i.test(header("content-type")) && length !== "" && length !== "0";
}

function excess(limits: Limits, asked: Asked): string | undefined {
  if (asked.privileged && !limits.privileged) return "privileged is not allowed";
  const bind = asked.binds.find((each) => !mayBind(limits, each));
  if (bind !== undefined) return `the bind of ${JSON.stringify(bind.source)} is not allowed${bind.readOnly ? "" : " for writing"}`;
  const capability = asked.capabilities.find((each) => !matchesAny(each, limits.capabilities));
  if (capability !== undefined) return `the capability ${JSON.stringify(capability)} is not allowed`;
  const device = asked.devices.find((each) => !matchesAny(each, limits.devices));
  if (device !== undefined) return `the device ${JSON.stringify(device)} is not allowed`;
  const shared = asked.namespaces.find(([kind, value]) => !mayShare(limits, kind, value));
  if (shared !== undefined) return `the ${shared[0]} namespace ${JSON.stringify(shared[1])} is not allowed`;
  const option = asked.securityOptions.find((each) => !matchesAny(each, limits.securityOptions));
  if (option !== undefined) return `the security option ${JSON.stringify(option)} is not allowed`;
  const field = asked.fields.find((each) => !matchesAny(each, limits.fields));
  return field === undefined ? undefined : `the field ${field} is not allowed`;
}

function mayShare({ namespaces }: Limits, kind: string, value: string): boolean {
  return matchesAny(
    value,
    (namespaces[kind] ?? []).filter((pattern) => pattern !== "*"),
  );
}

function mayBind({ binds }: Limits, { source, readOnly }: Bind): boolean {
  if (!source.startsWith("/") || source.includes("\0")) return false;
  const path = posix.resolve(source);
  return binds.allow.some((place) => {
    const at = posix.resolve(place.path);
    const within = path === at || (place.below && path.startsWith(at === "/" ? "/" : `${at}/`));
    return within && (readOnly || !place.readOnly);
  });
}
