import { isDeepStrictEqual } from "node:util";
import {
  defineNetworkDriver,
  driverError,
  type EndpointInterface,
  type IpamData,
  type Joined,
  type NetworkCreation,
  type NetworkDriver,
  type StateFile,
} from "@outrigger/sdk/driver";
import type { Links } from "../links/links.ts";
import { macAddressOf } from "./mac-address.ts";
import { createParents } from "./parents.ts";
import { readSettings } from "./settings.ts";
import { checkEndpoint, checkSharing } from "./sharing.ts";
import { type Endpoint, type MacvlanState, type Network, networkOf, withNetwork, withoutNetwork } from "./state.ts";
import { waysOf } from "./ways.ts";

export interface MacvlanOptions {
  readonly scope: NetworkDriver["scope"];
  readonly links: Links;
  readonly file: StateFile<MacvlanState>;
}

/**
 * Networks whose containers have links of their own on a link of the host. What is to be is written down first and made then,
 * and removed the other way round: after a crash everything that was made is known. Undoes what a crash has left unfinished.
 */
export async function createMacvlanDriver({ scope, links, file }: MacvlanOptions): Promise<NetworkDriver> {
  const parents = createParents(links, file);
  const inTurn = queue();

  const undo = async (id: string, network: Network): Promise<void> => {
    for (const { link } of Object.values(network.endpoints)) await links.remove(link);
    await links.remove(probeName(id));
    await parents.release(id, network);
    await file.update((state) => withoutNetwork(state, id));
  };
  const create = async (id: string, network: Network): Promise<void> => {
    checkSharing(file.state, id, network);
    await file.update((state) => withNetwork(state, id, { ...network, unfinished: true }));
    try {
      const { name: parent } = await parents.ensure(id, network);
      // What the kernel refuses is told now, not to the first container.
      await links.addMacvlan({ ...sizeOf(network), name: probeName(id), parent, mode: network.mode });
      await links.remove(probeName(id));
    } catch (error) {
      // What can't be undone now is undone at the next start; why there is no network matters more.
      await undo(id, network).catch(() => undefined);
      throw error;
    }
    await file.update((state) => withNetwork(state, id, network));
  };
  const forgetEndpoint = async (networkId: string, endpointId: string): Promise<void> => {
    const network = file.state.networks[networkId];
    const endpoint = network?.endpoints[endpointId];
    if (network === undefined || endpoint === undefined) return;
    await links.remove(endpoint.link);
    const { [endpointId]: _, ...endpoints } = network.endpoints;
    await file.update((state) => withNetwork(state, networkId, { ...network, endpoints }));
  };

  for (const [id, network] of Object.entries(file.state.networks)) if (network.unfinished) await undo(id, network);

  return defineNetworkDriver({
    scope,
    // Of a swarm's network the options come bare, and what is answered is what the machines get.
    allocateNetwork(request) {
      const options = bareOptions(request.engineOptions);
      settingsOf({ ...request, options });
      return options;
    },
    checkGatewayAllocation: ({ engineOptions }) => ({ skipIPv4: isInternal(engineOptions), skipIPv6: isInternal(engineOptions) }),
    createNetwork: (request) =>
      inTurn(async () => {
        const { networkId: id } = request;
        const wanted: Network = { ...settingsOf(request), pools: [...request.ipv4, ...request.ipv6].map(poolOf), endpoints: {} };
        const known = file.state.networks[id];
        if (known === undefined) return await create(id, wanted);
        if (!isDeepStrictEqual({ ...known, endpoints: {} }, wanted))
          throw driverError(`the network ${id.slice(0, 12)} is there, and is another`);
        await parents.ensure(id, known);
      }),
    deleteNetwork: ({ networkId: id }) =>
      inTurn(async () => {
        const network = file.state.networks[id];
        if (network !== undefined) await undo(id, network);
      }),
    createEndpoint: ({ networkId, endpointId, interface: given }) =>
      inTurn(async (): Promise<EndpointInterface> => {
        const network = networkOf(file.state, networkId);
        const { macAddress: asked, ...addresses } = given;
        const macAddress = asked ?? (await ownMacAddress(networkId, network)) ?? macAddressOf(given.address, given.addressIPv6, endpointId);
        const endpoint: Endpoint = { link: `mv-${endpointId.slice(0, 12)}`, macAddress, ...addresses };
        checkEndpoint(file.state, networkId, endpointId, endpoint);
        await file.update((state) =>
          withNetwork(state, networkId, { ...network, endpoints: { ...network.endpoints, [endpointId]: endpoint } }),
        );
        return asked === undefined ? { macAddress } : {};
      }),
    deleteEndpoint: ({ networkId, endpointId }) => inTurn(() => forgetEndpoint(networkId, endpointId)),
    join: ({ networkId, endpointId }) =>
      inTurn(async (): Promise<Joined> => {
        const network = networkOf(file.state, networkId);
        const endpoint = network.endpoints[endpointId];
        if (endpoint === undefined) throw driverError(`the endpoint ${endpointId.slice(0, 12)} is not known here`);
        const { name: parent } = await parents.ensure(networkId, network);
        // One that a join before has left.
        await links.remove(endpoint.link);
        await links.addMacvlan({ ...sizeOf(network), name: endpoint.link, parent, mode: network.mode, address: endpoint.macAddress });
        return joined(network, endpoint);
      }),
    // The engine brings the link back to the host; it goes with the endpoint.
    leave: () => {},
  });

  /** A link in mode passthru has its parent's address; with another, the parent would get that. */
  async function ownMacAddress(id: string, network: Network): Promise<string | undefined> {
    return network.mode === "passthru" ? (await parents.ensure(id, network)).address : undefined;
  }
}

/** Does one work after another. */
function queue(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}

function probeName(id: string): string {
  return `mvt${id.slice(0, 12)}`;
}

function sizeOf({ mtu }: Network): { readonly mtu?: number } {
  return mtu === undefined ? {} : { mtu };
}

function isInternal(engineOptions: Readonly<Record<string, unknown>>): boolean {
  return engineOptions["com.docker.network.internal"] === true;
}

function settingsOf({ options, engineOptions, ipv6 }: NetworkCreation): ReturnType<typeof readSettings> {
  return readSettings(options, { internal: isInternal(engineOptions), v6: ipv6.length > 0 });
}

function bareOptions(engineOptions: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const own = Object.entries(engineOptions).filter(([key]) => !key.startsWith("com.docker.network."));
  return Object.fromEntries(own.map(([key, value]) => [key, String(value)]));
}

function poolOf({ pool, gateway }: IpamData): Network["pools"][number] {
  return { pool, ...(gateway === undefined ? {} : { gateway }) };
}

function joined(network: Network, endpoint: Endpoint): Joined {
  return {
    interfaceName: { source: endpoint.link, prefix: "eth" },
    ...waysOf(network, endpoint),
    // Without it the engine gives a container without a gateway a way out over a bridge of its own.
    disableGatewayService: true,
  };
}
