import { engineErrors } from "../errors.ts";
import type { GatewayRequest, GatewayResponse } from "../gateway/exchange.ts";
import type { Door, Visit } from "./door.ts";
import { inspectContainer } from "./facts.ts";

const startBodyLimit = 4096;

/** POST /containers/{name}/start and /restart: plug-ins say which OCI hooks the container gets, before the engine starts it. */
export const containerStart: Door = {
  wants: (dispatcher) => dispatcher.wants("container.preStart") || dispatcher.wants("container.preCreate", { door: "create" }),
  handle,
};

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, engine, dispatcher, call, runtime } = visit;
  await refuseHostConfig(request);
  if (!dispatcher.wants("container.preStart")) return visit.forward();
  if (runtime === undefined) throw engineErrors["runtime-needed"]({});
  const found = await inspectContainer(engine, request.route?.parameters["name"] ?? "", call.signal);
  if (found === undefined) return visit.forward();
  const container = found.facts;
  const collected = await dispatcher.collect("container.preStart", { container }, { ...call, container });
  const hooks = collected.flatMap(({ plugin, result }) => (result.hooks ?? []).map((hook) => ({ plugin, hook })));
  await runtime.records.put(container.id, hooks);
  return visit.forward({ target: ofContainer(request, container.id) });
}

/** Before API 1.24 a start could bring another HostConfig, past everything that judged the create. */
async function refuseHostConfig(request: GatewayRequest): Promise<void> {
  const body = (await request.body(startBodyLimit)).toString().trim();
  if (!["", "null", "{}"].includes(body)) throw engineErrors["door-not-judged"]({ reason: "a start has no body" });
}

/** The request's target with the container's full id, so that the engine acts on the container that plug-ins saw, whatever is renamed meanwhile. */
export function ofContainer({ target }: GatewayRequest, id: string): string {
  return target.text.replace(/^((?:\/v[0-9.]+)?\/containers\/)[^/?]+/, (_, before: string) => before + id);
}
