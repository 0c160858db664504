import { hostname } from "node:os";
import type { DiscoveryPorts, PodFact, PodKey } from "@outrigger/pod";
import { type ApplicationNetwork, type PodRuntime, primaryAddress } from "@outrigger/runtime";
import type { Logger } from "pino";
import { openSecret } from "../connect-runtime.ts";
import type { EventLog } from "../events.ts";
import type { Vault } from "../secrets.ts";
import type { Database } from "../store/database.ts";
import { findTeam } from "../store/teams.ts";
import { createDiscoveryHub, type DiscoveryHub } from "./hub.ts";
import { type Listening, listenOnNetwork } from "./listening.ts";
import { placeText } from "./place.ts";

/** Serves live settings on the applications' networks. */
export interface DiscoveryService {
  readonly hub: DiscoveryHub;
  /** Listens on these networks and on no others. Ends when every address has been tried; what can't be listened on is tried again until it can. */
  readonly listenOn: (networks: readonly ApplicationNetwork[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface DiscoveryServiceParts {
  readonly db: Database;
  readonly vault: Vault;
  readonly events: EventLog;
  readonly log: Logger;
  readonly ports: DiscoveryPorts;
  readonly statuses: PodRuntime["statuses"];
}

/** The privilege by which a team lets its pods ask for settings without a token, as the original did. */
const withoutToken = "discovery-without-token";

export function createDiscoveryService({ db, vault, events, log, ports, statuses }: DiscoveryServiceParts): DiscoveryService {
  const networks = new Map<string, Listening>();
  const gateways = new Map<string, string>();

  const fact = (key: PodKey, name: PodFact, address: string): string => {
    const pod = statuses(key).find(({ ip }) => ip === address);
    const facts: Readonly<Record<PodFact, string>> = {
      "pod.name": pod?.name ?? "",
      "pod.ip": address,
      "pod.namespace": key.team,
      "node.name": pod?.node ?? hostname(),
      "node.ip": primaryAddress(),
      "discovery.host": gateways.get(`${key.team}.${key.application}`) ?? "",
    };
    return facts[name];
  };
  const hub = createDiscoveryHub({
    vault,
    secret: (key, secret) => openSecret(db, vault, key, secret),
    fact,
    isOpen: async (team) => (JSON.parse((await findTeam(db, team))?.allow ?? "[]") as readonly string[]).includes(withoutToken),
    onFailure: (place, error) =>
      log.error({ err: error, place: placeText(place) }, "live settings can't be filled in; the former ones stay"),
  });

  return {
    hub,
    listenOn: async (wanted) => {
      const now = new Map(wanted.map((network) => [JSON.stringify(network), network]));
      const gone = [...networks].filter(([key]) => !now.has(key));
      for (const [key] of gone) networks.delete(key);
      await Promise.all(gone.map(([, listening]) => listening.close()));
      gateways.clear();
      for (const [key, network] of now) {
        gateways.set(`${network.team}.${network.application}`, network.gateway);
        if (!networks.has(key)) networks.set(key, listenOnNetwork({ network, hub, ports, log, events }));
      }
      await Promise.all([...networks.values()].map(({ tried }) => tried));
    },
    close: async () => {
      await Promise.all([...networks.values()].map((listening) => listening.close()));
      networks.clear();
    },
  };
}
