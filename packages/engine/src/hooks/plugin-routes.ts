import type { CallFacts, RouteAnswer, RouteRequest, RouteResponse, RouteSide } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import { checkRouteAnswer, fault } from "./answers.ts";
import { Deadline } from "./deadline.ts";
import type { Call, PluginRoute } from "./dispatcher.ts";
import { reasonOf, refused } from "./failures.ts";
import { type Place, visibleFacts } from "./places.ts";
import type { TraceSink } from "./traces.ts";

/** The routes that plug-ins bring, in the plug-ins' order, ready to be called. */
export function pluginRoutes(places: readonly Place[], traces: TraceSink | undefined): readonly PluginRoute[] {
  return places.flatMap((place) =>
    place.member.routes.map((route, index): PluginRoute => {
      const ask = (side: RouteSide, call: Call, request: RouteRequest, response?: RouteResponse): Promise<RouteAnswer | undefined> =>
        askRoute({ place, index, side, name: `${route.method} ${route.path}`, traces }, call, request, response);
      const wraps = route.wraps ?? bothSides;
      return {
        ...route,
        wraps,
        plugin: place.member.name,
        handle: async (request, call) => (await ask("handle", call, request))?.response as RouteResponse,
        request: async (request, call) => {
          if (!wraps.includes("request")) return request;
          const answer = await ask("request", call, request);
          return answer?.response === undefined
            ? ((answer?.request ?? request) as RouteRequest)
            : { respond: answer.response as RouteResponse };
        },
        response: async (request, response, call) => {
          if (!wraps.includes("response")) return response;
          return ((await ask("response", call, request, response))?.response ?? response) as RouteResponse;
        },
      };
    }),
  );
}

const bothSides: readonly ("request" | "response")[] = ["request", "response"];

interface Asked {
  readonly place: Place;
  readonly index: number;
  readonly side: RouteSide;
  readonly name: string;
  readonly traces: TraceSink | undefined;
}

/** Undefined: the plug-in failed and its policy is `open`; a route of its own has nothing to go on with, so it always refuses. */
async function askRoute(
  { place, index, side, name, traces }: Asked,
  call: Call,
  request: RouteRequest,
  response: RouteResponse | undefined,
): Promise<RouteAnswer | undefined> {
  const { callee, breaker, name: plugin, version } = place.member;
  const { signal, client, ...rest } = call;
  const facts: CallFacts = { ...rest, client: client === null ? null : await client(place.member.privileges.clientProcess) };
  const deadline = new Deadline(place.timeout, signal);
  const started = performance.now();
  const trace = { plugin, version, hook: `api.routes ${name}` as const, changes: [], warnings: [] };
  const passed = (): number => performance.now() - started;
  let answer: RouteAnswer;
  try {
    if (!breaker.allows()) throw fault(`it is not asked for now, since it failed ${breaker.failures()} times in a row`);
    const live = { facts: visibleFacts(place, facts), request, deadline: place.timeout, signal: deadline.signal };
    answer = checkRouteAnswer(await deadline.within(callee.route(index, side, response === undefined ? live : { ...live, response })));
    if (side === "handle" && answer.response === undefined && answer.refuse === undefined) throw fault("it gave no response");
    breaker.succeeded();
  } catch (error) {
    if (signal.aborted) throw engineErrors["client-gone"]({}, { cause: error });
    breaker.failed();
    if (deadline.passed) callee.suspect();
    traces?.call(facts.requestId, { ...trace, milliseconds: passed(), decision: "failed", failure: reasonOf(error) });
    if (place.failPolicy === "open" && side !== "handle") return undefined;
    throw engineErrors["plugin-failed"]({ plugin, hook: "api.routes", reason: reasonOf(error) }, { cause: error });
  }
  if (answer.refuse !== undefined) {
    traces?.call(facts.requestId, { ...trace, milliseconds: passed(), decision: "refused", refusal: answer.refuse });
    throw refused(plugin, answer.refuse, facts.requestId);
  }
  const changed = answer.request !== undefined || answer.response !== undefined;
  traces?.call(facts.requestId, { ...trace, milliseconds: passed(), decision: changed ? "changed" : "unchanged" });
  return answer;
}
