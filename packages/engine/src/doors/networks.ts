import type { NetworkConnectRequest, NetworkCreateRequest } from "@outrigger/sdk";
import type { GatewayResponse } from "../gateway/exchange.ts";
import type { Door, Visit } from "./door.ts";
import { changeEndpoint } from "./endpoints.ts";
import { inspectContainer } from "./facts.ts";
import { readBody } from "./json-body.ts";
import { checkQuery } from "./query.ts";

/** POST /networks/create. */
export const networkCreate: Door = {
  wants: (dispatcher) => dispatcher.wants("network.preCreate"),
  handle: async (visit) => {
    checkQuery(visit.request.target);
    const body = await readBody<NetworkCreateRequest>(visit.request, "NetworkCreateRequest", visit.bodyLimit);
    const { input } = await visit.dispatcher.change("network.preCreate", { body: body.value }, visit.call);
    return visit.forward(body.write(input.body));
  },
};

/** POST /networks/{id}/connect: one more endpoint of a container that is there. */
export const networkConnect: Door = { wants: (dispatcher) => dispatcher.wants("container.preCreateEndpoint"), handle: connect };

async function connect(visit: Visit): Promise<GatewayResponse> {
  const { request, engine, call } = visit;
  checkQuery(request.target);
  const body = await readBody<NetworkConnectRequest>(request, "NetworkConnectRequest", visit.bodyLimit);
  const asked = request.route?.parameters["id"] ?? "";
  const [found, network] = await Promise.all([
    inspectContainer(engine, body.value.Container ?? "", call.signal),
    engine.find<{ readonly Name: string }>({ path: `/networks/${encodeURIComponent(asked)}`, signal: call.signal }),
  ]);
  if (found === undefined || network === undefined) return visit.forward();
  const about = { ...visit, call: { ...call, container: found.facts } };
  const { settings, changed, disableResolver, warnings } = await changeEndpoint(about, network.Name, body.value.EndpointConfig ?? {});
  for (const warning of warnings) visit.log(warning);
  if (disableResolver) visit.log(`The resolver of ${found.facts.name} can't be switched off any more: the container exists.`);
  const after = changed ? { EndpointConfig: settings } : {};
  return visit.forward(body.write(changed ? { ...body.value, Container: found.facts.id, ...after } : body.value));
}
