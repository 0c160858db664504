import type { Pod, PodKey, SettingSecret } from "@outrigger/pod";
import { serverErrors } from "../errors.ts";
import type { Vault } from "../secrets.ts";
import { Channel, type ChannelSources } from "./channel.ts";
import { type DiscoveryPlace, placeText } from "./place.ts";
import { readToken } from "./tokens.ts";

/** Who asks for settings, and where. */
export interface DiscoveryRequest {
  readonly place: DiscoveryPlace;
  readonly token: string | undefined;
  /** The application on whose network the request came in. */
  readonly network: Pick<PodKey, "team" | "application">;
}

/** All live settings there are. It holds what the reconciler composed last; nothing here is stored. */
export interface DiscoveryHub {
  /** Serves a component's live settings; those of plug-ins that are gone end. Installations by plug-in name. */
  readonly publish: (pod: Pod, instances: ReadonlyMap<string, string>) => Promise<void>;
  /** The component is gone. */
  readonly withdraw: (key: PodKey) => void;
  /** @throws discovery-unauthorized, discovery-forbidden, discovery-unknown */
  readonly open: (request: DiscoveryRequest) => Promise<Channel>;
  readonly channel: (place: DiscoveryPlace) => Channel | undefined;
}

export interface HubParts {
  readonly vault: Vault;
  readonly secret: (key: PodKey, secret: SettingSecret) => Promise<string>;
  readonly fact: (key: PodKey, ...rest: Parameters<ChannelSources["fact"]>) => string;
  /** Whether the team lets its pods ask without a token. */
  readonly isOpen: (team: string) => Promise<boolean>;
  /** Settings could not be filled in; what was served before goes on being served. */
  readonly onFailure: (place: DiscoveryPlace, error: unknown) => void;
}

export function createDiscoveryHub({ vault, secret, fact, isOpen, onFailure }: HubParts): DiscoveryHub {
  const components = new Map<string, Map<string, Channel>>();
  const channel = (place: DiscoveryPlace): Channel | undefined => components.get(keyText(place))?.get(place.plugin);

  const authorize = async ({ place, token, network }: DiscoveryRequest): Promise<void> => {
    if (token === undefined) {
      if (!(await isOpen(place.team))) throw serverErrors["discovery-unauthorized"]({ why: "No token was sent." });
    } else {
      const claim = readToken(vault, token);
      if (claim === undefined) throw serverErrors["discovery-unauthorized"]({ why: "The token is none of this server's." });
      if (placeText(claim) !== placeText(place)) throw forbidden(place, `of ${claim.plugin} on another component or in another team`);
      const { instance } = channel(place) ?? {};
      if (instance !== undefined && instance !== claim.instance) throw forbidden(place, "of an installation that is gone");
    }
    if (network.team !== place.team || network.application !== place.application)
      throw forbidden(place, "used on another application's network");
  };

  return {
    publish: async (pod, instances) => {
      const channels = components.get(keyText(pod)) ?? new Map<string, Channel>();
      components.set(keyText(pod), channels);
      const published: Promise<void>[] = [];
      for (const [plugin, settings] of Object.entries(pod.discovery)) {
        const instance = instances.get(plugin) ?? "";
        const former = channels.get(plugin);
        const sources: ChannelSources = { secret: (each) => secret(pod, each), fact: (...rest) => fact(pod, ...rest) };
        const own = former?.instance === instance ? former : new Channel(instance, sources);
        channels.set(plugin, own);
        if (own !== former) former?.close();
        published.push(own.publish(settings).catch((error) => onFailure({ ...pod, plugin }, error)));
      }
      for (const [plugin, each] of channels) {
        if (Object.hasOwn(pod.discovery, plugin)) continue;
        channels.delete(plugin);
        each.close();
      }
      await Promise.all(published);
    },
    withdraw: (key) => {
      for (const each of components.get(keyText(key))?.values() ?? []) each.close();
      components.delete(keyText(key));
    },
    open: async (request) => {
      await authorize(request);
      const found = channel(request.place);
      if (found === undefined) throw serverErrors["discovery-unknown"]({ place: placeText(request.place) });
      return found;
    },
    channel,
  };
}

function keyText({ team, application, component }: PodKey): string {
  return `${team}.${application}.${component}`;
}

function forbidden(place: DiscoveryPlace, whose: string): Error {
  return serverErrors["discovery-forbidden"]({ place: placeText(place), whose });
}
