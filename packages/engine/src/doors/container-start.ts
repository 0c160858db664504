import { engineErrors } from "../errors.ts";
import type { GatewayRequest, GatewayResponse } from "../gateway/exchange.ts";
import type { Door, Visit } from "./door.ts";
import { inspectContainer } from "./facts.ts";

/** POST /containers/{name}/start and /restart: plug-ins say which OCI hooks the container gets, before the engine starts it. */
export const containerStart: Door = { wants: (dispatcher) => dispatcher.wants("container.preStart"), handle };

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, engine, dispatcher, call, runtime } = visit;
  if (runtime === undefined) throw engineErrors["runtime-needed"]({});
  const found = await inspectContainer(engine, request.route?.parameters["name"] ?? "", call.signal);
  if (found === undefined) return visit.forward();
  const container = found.facts;
  const collected = await dispatcher.collect("container.preStart", { container }, { ...call, container });
  const hooks = collected.flatMap(({ plugin, result }) => (result.hooks ?? []).map((hook) => ({ plugin, hook })));
  await runtime.records.put(container.id, hooks);
  return visit.forward({ target: ofContainer(request, container.id) });
}

/** The request's target with the container's full id, so that the engine acts on the container that plug-ins saw, whatever is renamed meanwhile. */
export function ofContainer({ target }: GatewayRequest, id: string): string {
  return target.text.replace(/^((?:\/v[0-9.]+)?\/containers\/)[^/?]+/, (_, before: string) => before + id);
}
