import { isIPv4 } from "node:net";
import type { PodKey } from "@outrigger/pod";
import type { ApplicationNetwork, RuntimeOptions } from "../../runtime.ts";
import type { DockerClient } from "../client/client.ts";
import type { EngineContext } from "../client/context.ts";
import { hasCode, unlessMissing } from "../client/refusal.ts";
import type { NetworkInspection } from "../client/types.ts";
import { applicationLabels, label, labelFilter, networkName } from "./names.ts";
import { listContainers } from "./observe.ts";
import { checkOwner } from "./volumes.ts";

/** Tells of an owner's networks, one telling after the other. */
export interface NetworkTeller {
  /** Tells all that there are; ends when the listener has heard it. */
  readonly tell: () => Promise<void>;
  /** Tells unless this network, by its id, was told of before. */
  readonly ensureTold: (id: string) => Promise<void>;
}

export function createNetworkTeller(client: DockerClient, owner: string, onNetworks: RuntimeOptions["onNetworks"]): NetworkTeller {
  const told = new Set<string>();
  let last = Promise.resolve();
  const tell = (): Promise<void> => {
    const own = last.then(async () => {
      const query = { filters: labelFilter({ [label.owner]: owner }) };
      const list = await client.call<readonly NetworkInspection[]>("GET", "/networks", { query });
      await onNetworks(list.flatMap((network) => applicationNetwork(network) ?? []));
      told.clear();
      for (const { Id } of list) told.add(Id);
    });
    last = own.catch(() => {});
    return own;
  };
  return { tell, ensureTold: async (id) => (told.has(id) ? undefined : tell()) };
}

function applicationNetwork({ Labels, IPAM }: NetworkInspection): ApplicationNetwork | undefined {
  const [team, application] = [Labels?.[label.team], Labels?.[label.application]];
  const { Subnet: subnet, Gateway: gateway } = addressing(IPAM) ?? {};
  if (team === undefined || application === undefined || subnet === undefined || gateway === undefined) return undefined;
  return { team, application, gateway, subnet };
}

function addressing({ Config }: NetworkInspection["IPAM"]): { readonly Subnet: string; readonly Gateway?: string } | undefined {
  return Config?.find(({ Gateway }) => isIPv4(Gateway ?? ""));
}

/** Makes the application's network where it is not there; gives the host's address in it. @throws name-taken when another owner has it */
export async function ensureNetwork(context: EngineContext, key: PodKey): Promise<string> {
  const name = networkName(key);
  // The engine lets two of one name through when they are asked for at once.
  await context.once(`network ${name}`, async () => {
    const { client, owner } = context;
    if ((await soleNetwork(context, name)) !== undefined) return;
    const body = { Name: name, CheckDuplicate: true, Driver: "bridge", Labels: applicationLabels(owner, key) };
    try {
      await client.call("POST", "/networks/create", { body });
    } catch (error) {
      if (!hasCode(error, "engine-refused") || (await soleNetwork(context, name)) === undefined) throw error;
    }
  });
  const network = await soleNetwork(context, name);
  if (network === undefined) return ensureNetwork(context, key);
  await context.networks.ensureTold(network.Id);
  return addressing(network.IPAM)?.Gateway ?? "";
}

/** The network of this name. Where another process made one too at the same moment, the younger goes. @throws name-taken */
async function soleNetwork({ client, owner }: EngineContext, name: string): Promise<NetworkInspection | undefined> {
  const list = await client.call<readonly NetworkInspection[]>("GET", "/networks", { query: { filters: { name: [name] } } });
  const [oldest, ...others] = list.filter(({ Name }) => Name === name).sort((a, b) => (a.Created < b.Created ? -1 : 1));
  if (oldest === undefined) return undefined;
  checkOwner("network", name, oldest.Labels, owner);
  await Promise.all(
    others.map(({ Id, Labels }) => (Labels?.[label.owner] === owner ? unlessMissing(client.call("DELETE", `/networks/${Id}`)) : undefined)),
  );
  return oldest;
}

/** Removes the application's network once no container needs it. */
export async function removeNetwork({ client, owner, networks: teller }: EngineContext, key: PodKey): Promise<void> {
  const labels = applicationLabels(owner, key);
  if ((await listContainers(client, labels)).length > 0) return;
  const networks = await client.call<readonly NetworkInspection[]>("GET", "/networks", { query: { filters: labelFilter(labels) } });
  if (networks.length === 0) return;
  await Promise.all(
    networks.map(async ({ Id }) => {
      try {
        await unlessMissing(client.call("DELETE", `/networks/${Id}`));
      } catch (error) {
        // A pod of the application, or a stranger, has joined since: whoever goes last removes it.
        if (!hasCode(error, "engine-refused")) throw error;
      }
    }),
  );
  await teller.tell();
}
