import type { ContainerCreateRequest } from "@outrigger/sdk";
import type { GatewayRequest, GatewayResponse, RequestChange } from "../gateway/exchange.ts";
import type { Door, Visit } from "./door.ts";
import { inspectContainer } from "./facts.ts";
import { type FieldMap, viewOf, writeView } from "./field-map.ts";
import { readBody, writeBody } from "./json-body.ts";
import { checkQuery, parameter, withParameters } from "./query.ts";

const carried = [
  "Hostname",
  "User",
  "Env",
  "Cmd",
  "Entrypoint",
  "Healthcheck",
  "Volumes",
  "WorkingDir",
  "ExposedPorts",
  "Labels",
  "StopSignal",
  "StopTimeout",
  "Shell",
  "OnBuild",
  "Tty",
  "OpenStdin",
];
const fields: FieldMap = Object.fromEntries(carried.map((field) => [field, field]));

/** POST /commit: the configuration that a new image gets. Dockerfile instructions in `changes` are not looked into. */
export const commit: Door = { wants: (dispatcher) => dispatcher.wants("container.preCreate", { door: "commit" }), handle };

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, engine, dispatcher, call } = visit;
  checkQuery(request.target, ["changes"]);
  const bytes = await request.body(visit.bodyLimit);
  const found = await inspectContainer(engine, parameter(request.target, "container") ?? "", call.signal);
  if (found === undefined) return visit.forward();
  // Clients that change nothing send no body, or null.
  const empty = bytes.length === 0 || bytes.toString().trim() === "null";
  const body = empty ? undefined : await readBody<ContainerCreateRequest>(request, "ContainerCreateRequest", visit.bodyLimit);
  const given = { name: null, platform: null, body: viewOf(body?.value ?? {}, fields) };
  const changed = await dispatcher.change("container.preCreate", given, { ...call, door: "commit", container: found.facts });
  const by = { plugin: changed.changedBy.join(", "), door: "a commit" };
  const after = writeView(body?.value ?? {}, fields, given.body, changed.input.body, by);
  const written =
    body === undefined ? (changed.input.body === given.body ? {} : withType(request, { body: writeBody(after) })) : body.write(after);
  return visit.forward({ ...written, target: withParameters(request.target, { container: found.facts.id }) });
}

/** Says that there is JSON now; a request without a body mostly has no type. */
function withType({ headers }: GatewayRequest, change: RequestChange): RequestChange {
  return {
    ...change,
    headers: [...headers.filter(([name]) => name.toLowerCase() !== "content-type"), ["Content-Type", "application/json"]],
  };
}
