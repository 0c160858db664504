import type { VolumeCreateOptions } from "@outrigger/sdk";
import type { GatewayResponse } from "../gateway/exchange.ts";
import type { Door, Visit } from "./door.ts";
import { readBody } from "./json-body.ts";
import { checkQuery } from "./query.ts";

/** POST /volumes/create. */
export const volumeCreate: Door = { wants: (dispatcher) => dispatcher.wants("volume.preCreate"), handle };

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, dispatcher, call } = visit;
  checkQuery(request.target);
  const body = await readBody<VolumeCreateOptions>(request, "VolumeCreateOptions", visit.bodyLimit);
  const { input } = await dispatcher.change("volume.preCreate", body.value, { ...call, implicit: false });
  return visit.forward(body.write(input));
}
