import { parseJson, type RouteRequest, type RouteResponse, sameValue, stringifyJson } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import type { GatewayRequest, GatewayResponse, Handler, Header, RequestChange, Target } from "../gateway/exchange.ts";
import type { Call, PluginRoute } from "../hooks/dispatcher.ts";
import { readJson } from "../json/read-json.ts";
import { bodyOf, jsonAnswer, unframed } from "./answers.ts";

/** Headers that plug-ins never see: they hold credentials. */
const credentials = new Set(["authorization", "cookie", "x-registry-auth", "x-registry-config"]);

/** Routes whose answers come bit by bit, some without end; their JSON is no whole to be changed. */
const streamed: ReadonlySet<string> = new Set([
  "build",
  "container.attach",
  "container.logs",
  "container.stats",
  "container.wait",
  "exec.start",
  "image.load",
  "image.pull",
  "image.push",
  "plugin.pull",
  "plugin.push",
  "plugin.upgrade",
  "service.logs",
  "system.events",
  "task.logs",
]);

/** A plug-in's route that matches, with what its pattern's parts matched. */
export interface MatchedRoute {
  readonly route: PluginRoute;
  readonly parameters: Readonly<Record<string, string>>;
}

const patterns = new Map<string, RegExp>();

/** `/containers/{id}/start`, `/images/{name:path}/json`, `/containers/*` as an anchored expression. */
function patternOf(path: string): RegExp {
  const known = patterns.get(path);
  if (known !== undefined) return known;
  const source = path
    .split(/(\{\w+(?::path)?\}|\*$)/)
    .map((part) => {
      const name = /^\{(\w+)(:path)?\}$/.exec(part);
      if (name !== null) return `(?<${name[1]}>${name[2] === undefined ? "[^/]+" : ".+"})`;
      return part === "*" ? ".*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    })
    .join("");
  const made = new RegExp(`^${source}$`, "s");
  patterns.set(path, made);
  return made;
}

/** Those of the plug-ins' routes that a request meets: wrappers in their order, up to the first that removes or handles. */
export function matchRoutes(routes: readonly PluginRoute[], method: string, target: Target): readonly MatchedRoute[] {
  const found: MatchedRoute[] = [];
  for (const route of routes) {
    if (route.method !== "*" && route.method !== method) continue;
    if (route.versions === "versioned" && target.version === null) continue;
    if (route.versions === "unversioned" && target.version !== null) continue;
    const match = patternOf(route.path).exec(target.path);
    if (match === null) continue;
    found.push({ route, parameters: { ...match.groups } });
    if (route.action !== "wrap") break;
  }
  return found;
}

/** Puts plug-ins' routes before a handler: the first wrapper is the outermost. */
export function withRoutes(matched: readonly MatchedRoute[], call: Call, limit: number, inner: Handler): Handler {
  return matched.reduceRight<Handler>((next, { route, parameters }) => {
    if (route.action === "remove") return () => Promise.resolve(jsonAnswer(404, { message: "page not found" }));
    if (route.action === "handle") return async (request) => answerOf(await route.handle(await seen(request, parameters, limit), call));
    return (request, forward) => wrapped(route, parameters, call, limit, next, request, forward);
  }, inner);
}

async function wrapped(
  route: PluginRoute,
  parameters: MatchedRoute["parameters"],
  call: Call,
  limit: number,
  next: Handler,
  ...[request, forward]: Parameters<Handler>
): Promise<GatewayResponse> {
  const given = await seen(request, parameters, limit);
  const wanted = route.wraps?.includes("request") === true ? await route.request(given, call) : given;
  if ("respond" in wanted) return answerOf(wanted.respond);
  const change = changeOf(request, given, wanted);
  const answer = await next(change === undefined ? request : changedRequest(request, wanted, change), (more) =>
    forward({ ...change, ...more }),
  );
  const isJson = answer.headers.some(([name, value]) => /^content-type$/i.test(name) && /^application\/json\b/i.test(value));
  if (route.wraps?.includes("response") !== true || !isJson || streamed.has(request.route?.name ?? "")) return answer;
  const bytes = await bodyOf(answer, limit);
  if (bytes.length === 0) return { ...answer, body: bytes };
  if (bytes.length > limit) throw engineErrors["answer-too-large"]({ plugin: route.plugin, limit });
  const before: RouteResponse = { status: answer.status, headers: visible(answer.headers), body: parseJson(bytes.toString()) };
  const after = await route.response(wanted, before, call);
  if (after === before || sameValue(after, before)) return { ...answer, body: bytes };
  return {
    status: after.status,
    headers: headersOf(unframed(answer.headers), before.headers ?? {}, after.headers ?? {}),
    body: sameValue(after.body, before.body) ? bytes : bodyBytes(after.body),
  };
}

type Shown = Readonly<Record<string, string>>;

/** Headers that stay keep their place and spelling. */
function headersOf(given: readonly Header[], before: Shown, after: Shown): readonly Header[] {
  const changed = Object.entries(after).filter(([name, value]) => before[name.toLowerCase()] !== value);
  const replaced = new Set(changed.map(([name]) => name.toLowerCase()));
  return [...given.filter(([name]) => !replaced.has(name.toLowerCase())), ...changed];
}

/** A request as a plug-in sees it. */
async function seen(
  { method, target, headers, body }: GatewayRequest,
  parameters: MatchedRoute["parameters"],
  limit: number,
): Promise<RouteRequest> {
  const shown = visible(headers);
  const isJson = /^application\/json\b/i.test(shown["content-type"] ?? "");
  const bytes = isJson ? await body(limit) : undefined;
  return {
    method,
    path: target.path,
    version: target.version,
    parameters,
    query: target.query,
    headers: shown,
    ...(bytes === undefined || bytes.length === 0 ? {} : { body: readJson(bytes) }),
  };
}

function visible(headers: readonly Header[]): Readonly<Record<string, string>> {
  const shown = headers.filter(([name]) => !credentials.has(name.toLowerCase()));
  return Object.fromEntries(shown.map(([name, value]) => [name.toLowerCase(), value]));
}

/** What a wrapper changed, as what is sent instead; undefined where nothing. Paths and methods stay. */
function changeOf({ target, headers }: GatewayRequest, before: RouteRequest, after: RouteRequest): RequestChange | undefined {
  if (before === after) return undefined;
  const query = after.query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  const path = target.text.split("?")[0] ?? "";
  const wanted = new Set(Object.keys(after.headers).map((name) => name.toLowerCase()));
  const kept = headers.filter(([name]) => wanted.has(name.toLowerCase()) || credentials.has(name.toLowerCase()));
  return {
    ...(sameValue(after.query, before.query) ? {} : { target: query === "" ? path : `${path}?${query}` }),
    ...(sameValue(after.headers, before.headers) ? {} : { headers: headersOf(kept, before.headers, after.headers) }),
    ...(sameValue(after.body, before.body) ? {} : { body: bodyBytes(after.body) }),
  };
}

/** The request as the next in the chain gets it. */
function changedRequest(request: GatewayRequest, after: RouteRequest, { target, headers, body }: RequestChange): GatewayRequest {
  return {
    ...request,
    target: target === undefined ? request.target : { ...request.target, query: after.query, text: target },
    headers: headers ?? request.headers,
    body: body === undefined ? request.body : () => Promise.resolve(body),
  };
}

function answerOf({ status, headers = {}, body }: RouteResponse): GatewayResponse {
  const typed = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  const type: readonly Header[] =
    typed || body === undefined ? [] : [["Content-Type", typeof body === "string" ? "text/plain; charset=utf-8" : "application/json"]];
  return { status, headers: [...type, ...Object.entries(headers)], body: bodyBytes(body) };
}

function bodyBytes(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof body === "string" ? body : `${stringifyJson(body)}\n`);
}
