import { isOutriggerError } from "@outrigger/plugin";
import type { CheckInputs } from "@outrigger/sdk";
import type { GatewayRequest, Handler, Intercept } from "../gateway/exchange.ts";
import type { Call, Dispatcher, PluginSource } from "../hooks/dispatcher.ts";
import { build } from "./build.ts";
import { commit } from "./commit.ts";
import { containerCreate } from "./container-create.ts";
import { containerStart } from "./container-start.ts";
import { containerUpdate } from "./container-update.ts";
import type { Door, DoorOptions } from "./door.ts";
import { execCreate } from "./exec-create.ts";
import { imagePull } from "./image-pull.ts";
import { networkConnect, networkCreate } from "./networks.ts";
import { type MatchedRoute, matchRoutes, withRoutes } from "./plugin-routes.ts";
import { service } from "./service.ts";
import { volumeCreate } from "./volume-create.ts";

/** Which of the engine's routes is a door, by the route's name. */
const doors: Readonly<Record<string, Door>> = {
  "container.create": containerCreate,
  "container.start": containerStart,
  "container.restart": containerStart,
  "container.update": containerUpdate,
  "exec.create": execCreate,
  commit,
  build,
  "service.create": service,
  "service.update": service,
  "volume.create": volumeCreate,
  "network.create": networkCreate,
  "network.connect": networkConnect,
  "image.pull": imagePull,
};

/** Parameters that hold credentials or contents; not shown at `api.request`. */
const hiddenParameters = new Set(["buildargs", "remote"]);

/** The gateway's interception: which requests are whose hook points. A request uses the plug-ins that are on when it comes, to its end. */
export function createDoors(plugins: PluginSource, options: DoorOptions): Intercept {
  return (method, target, route) => {
    const now = plugins.current();
    const door = route === undefined ? undefined : doors[route.name];
    const wanted = door?.wants(now) === true ? door : undefined;
    const matched = matchRoutes(now.routes, method, target);
    if (wanted === undefined && matched.length === 0 && !now.wants("api.request")) return undefined;
    const { dispatcher, release } = plugins.lease();
    return { handler: traced(handlerOf(dispatcher, wanted, matched, options), options), release };
  };
}

/** The handler, with its request's beginning and end told. */
function traced(handler: Handler, { traces }: DoorOptions): Handler {
  if (traces === undefined) return handler;
  return async (request, forward) => {
    traces.begin({ id: request.id, method: request.method, target: request.target.text });
    try {
      const answer = await handler(request, forward);
      traces.end(request.id, answer.status);
      return answer;
    } catch (error) {
      traces.end(request.id, isOutriggerError(error) ? error.status : 500);
      throw error;
    }
  };
}

/** `door`: where some plug-in cares for it. */
function handlerOf(dispatcher: Dispatcher, door: Door | undefined, matched: readonly MatchedRoute[], options: DoorOptions): Handler {
  return async (request, forward) => {
    const call: Call = { requestId: request.id, client: request.client, apiVersion: request.target.version, signal: request.signal };
    if (dispatcher.wants("api.request")) await dispatcher.check("api.request", checked(request), call);
    const inner: Handler =
      door !== undefined
        ? (seen, onward) => door.handle({ ...options, request: seen, forward: onward, dispatcher, call })
        : (_, onward) => onward();
    return withRoutes(matched, call, options.bodyLimit, inner)(request, forward);
  };
}

function checked({ method, target, route }: GatewayRequest): CheckInputs["api.request"] {
  const query = target.query.filter(([name]) => !hiddenParameters.has(name));
  return { method, path: target.path, version: target.version, query, route: route?.name ?? null };
}
