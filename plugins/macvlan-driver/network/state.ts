import { driverError, type IpamData, openStateFile, type StateFile } from "@outrigger/sdk/driver";
import type { NetworkSettings } from "./settings.ts";

export interface Endpoint {
  /** Its link's name while that is on the host. */
  readonly link: string;
  readonly macAddress: string;
  /** With their lengths. */
  readonly address?: string;
  readonly addressIPv6?: string;
}

export interface Network extends NetworkSettings {
  readonly pools: readonly Pick<IpamData, "pool" | "gateway">[];
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  /** The engine has not been told yet that it is there: after a crash it never was. */
  readonly unfinished?: true;
}

/** All that the driver must know after a crash. */
export interface MacvlanState {
  readonly version: 1;
  readonly networks: Readonly<Record<string, Network>>;
  /** VLANs that the driver has made, and removes with the last network on them. */
  readonly vlans: readonly string[];
}

export function openMacvlanState(file: string): Promise<StateFile<MacvlanState>> {
  return openStateFile<MacvlanState>(file, { version: 1, networks: {}, vlans: [] }, (value) => {
    if (typeof value === "object" && value !== null && "version" in value && value.version === 1) return value as MacvlanState;
    throw driverError("it is of another version");
  });
}

export function networkOf({ networks }: MacvlanState, id: string): Network {
  const network = Object.hasOwn(networks, id) ? networks[id] : undefined;
  if (network !== undefined) return network;
  throw driverError(
    `the network ${id.slice(0, 12)} is not known here: the driver's state was lost; remove the network and create it again`,
  );
}

export function withNetwork(state: MacvlanState, id: string, network: Network): MacvlanState {
  return { ...state, networks: { ...state.networks, [id]: network } };
}

export function withoutNetwork(state: MacvlanState, id: string): MacvlanState {
  const { [id]: _, ...networks } = state.networks;
  return { ...state, networks };
}
