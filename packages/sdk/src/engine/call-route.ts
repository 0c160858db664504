import { sdkErrors } from "../errors.ts";
import { isObject } from "../json/is-object.ts";
import { contextOf, type PluginCall } from "./call-plugin.ts";
import { type EnginePlugin, isRefusal } from "./engine-plugin.ts";
import type { HookContext } from "./hook-context.ts";
import type { RouteAnswer } from "./protocol.ts";
import type { RouteHandler, RouteRequest, RouteResponse } from "./routes.ts";

/** The part of a route that is asked: its own answer, or a side of what it wraps. */
export type RouteSide = "handle" | "request" | "response";

export interface PluginRouteCall extends Omit<PluginCall, "hook" | "input"> {
  readonly request: RouteRequest;
  /** For `response`. */
  readonly response?: RouteResponse;
}

/**
 * Calls one route of a plug-in in this very process and gives what the protocol would answer.
 * @throws hook-unhandled, handler-answer-invalid, and what the handler throws
 */
export async function callRoute(plugin: EnginePlugin, index: number, side: RouteSide, call: PluginRouteCall): Promise<RouteAnswer> {
  const route = plugin.hooks["api.routes"]?.[index];
  const warnings: string[] = [];
  const noted = (): { readonly warnings?: readonly string[] } => (warnings.length === 0 ? {} : { warnings });
  try {
    const result = await (route === undefined
      ? unhandled(plugin, index, side)
      : ask(plugin, index, route, side, call, contextOf(call, warnings)));
    if (result === undefined && side !== "handle") return noted();
    if (!isObject(result)) {
      throw sdkErrors["handler-answer-invalid"]({
        plugin: plugin.name,
        hook: `api.routes ${index}`,
        found: typeof result,
        expected: "an object",
      });
    }
    if (side === "request" && "respond" in result) return { response: result["respond"], ...noted() };
    return side === "request" ? { request: result, ...noted() } : { response: result, ...noted() };
  } catch (error) {
    if (isRefusal(error)) return { refuse: error.refusal, ...noted() };
    throw error;
  }
}

function ask(
  plugin: EnginePlugin,
  index: number,
  route: RouteHandler,
  side: RouteSide,
  call: PluginRouteCall,
  context: HookContext,
): unknown {
  if (route.action === "handle" && side === "handle") return route.handle(call.request, context);
  if (route.action === "wrap" && side === "request" && route.request !== undefined) return route.request(call.request, context);
  if (route.action === "wrap" && side === "response" && route.response !== undefined && call.response !== undefined) {
    return route.response(call.request, call.response, context);
  }
  return unhandled(plugin, index, side);
}

function unhandled(plugin: EnginePlugin, index: number, side: RouteSide): never {
  throw sdkErrors["hook-unhandled"]({ plugin: plugin.name, hook: `api.routes ${index} ${side}` });
}
