import type { ChangeInputs, ContainerCreateRequest } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import type { GatewayResponse } from "../gateway/exchange.ts";
import { withWarnings } from "./answers.ts";
import type { Door, Visit } from "./door.ts";
import { createEndpoints } from "./endpoints.ts";
import { readBody } from "./json-body.ts";
import { checkQuery, parameter, withParameters } from "./query.ts";
import { createVolumes } from "./volumes.ts";

type Input = ChangeInputs["container.preCreate"];

/** POST /containers/create: the container itself, then each network that it joins, then each volume that comes to be with it. */
export const containerCreate: Door = {
  wants: (dispatcher) =>
    dispatcher.wants("container.preCreate", { door: "create" }) ||
    dispatcher.wants("container.preCreateEndpoint") ||
    dispatcher.wants("volume.preCreate") ||
    dispatcher.wants("container.preStart"),
  handle,
};

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, dispatcher, call } = visit;
  checkQuery(request.target);
  const body = await readBody<ContainerCreateRequest>(request, "ContainerCreateRequest", visit.bodyLimit);
  const given: Input = {
    name: parameter(request.target, "name") || null,
    platform: parameter(request.target, "platform") || null,
    body: body.value,
  };
  const changed = await dispatcher.change("container.preCreate", given, { ...call, door: "create" });
  const joined = await createEndpoints(visit, changed.input.body);
  const mounted = await createVolumes(visit, joined.body);
  const after = pinRuntime(visit, mounted.body);
  const answer = await visit.forward({ ...body.write(after), ...placed(visit, given, changed.input) });
  return withWarnings(answer, [...changed.warnings, ...joined.warnings, ...mounted.warnings]);
}

function placed({ request }: Visit, before: Input, { name, platform }: Input): { readonly target?: string } {
  if (name === before.name && platform === before.platform) return {};
  return { target: withParameters(request.target, { name, platform }) };
}

/** OCI hooks are carried out by the runtime wrapper, so a container that will have some must run under it. */
function pinRuntime({ dispatcher, runtime }: Visit, body: ContainerCreateRequest): ContainerCreateRequest {
  if (!dispatcher.wants("container.preStart")) return body;
  if (runtime === undefined) throw engineErrors["runtime-needed"]({});
  const asked = body.HostConfig?.Runtime;
  if (asked === runtime.name) return body;
  if (asked) throw engineErrors["runtime-refused"]({ runtime: runtime.name, found: asked });
  return { ...body, HostConfig: { ...body.HostConfig, Runtime: runtime.name } };
}
