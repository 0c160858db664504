import { driverError } from "@outrigger/sdk/driver";
import type { NetworkSettings } from "./settings.ts";
import { type Endpoint, type MacvlanState, networkOf } from "./state.ts";

/** A link in mode passthru takes its parent whole; the other modes share one. @throws DriverError */
export function checkSharing({ networks }: MacvlanState, id: string, { parent, mode }: NetworkSettings): void {
  const others = Object.entries(networks).filter(([other, network]) => other !== id && parent !== undefined && network.parent === parent);
  const [name = ""] = others.find(([, other]) => mode === "passthru" || other.mode === "passthru") ?? [];
  if (name === "") return;
  throw driverError(`the parent ${parent} is used by the network ${name.slice(0, 12)}, and mode passthru needs a parent of its own`);
}

/** @throws DriverError where the network can't take one more endpoint, or not with this hardware address */
export function checkEndpoint(state: MacvlanState, networkId: string, endpointId: string, { macAddress }: Endpoint): void {
  const network = networkOf(state, networkId);
  const others = Object.values(state.networks)
    .filter((other) => other === network || (other.parent !== undefined && other.parent === network.parent))
    .flatMap(({ endpoints }) => Object.entries(endpoints))
    .filter(([id]) => id !== endpointId);
  if (network.mode === "passthru" && others.length > 0) throw driverError("a network of mode passthru has one container, and it is there");
  const same = others.some(([, other]) => other.macAddress.toLowerCase() === macAddress.toLowerCase());
  if (same) throw driverError(`the hardware address ${macAddress} is taken by another container on ${network.parent ?? "this network"}`);
}
