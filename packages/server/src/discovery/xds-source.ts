import { serverErrors } from "../errors.ts";
import type { DiscoveryHub, DiscoveryRequest } from "./hub.ts";
import { placeFromNode, placeText } from "./place.ts";
import type { XdsSource } from "./xds/xds-server.ts";

/** The hub as xDS asks it, on one application's network. */
export function xdsSource(hub: DiscoveryHub, network: DiscoveryRequest["network"]): XdsSource {
  return {
    read: async ({ node, token, address }) => {
      const place = placeFromNode(node);
      if (place === undefined) throw serverErrors["discovery-unknown"]({ place: node });
      const channel = await hub.open({ place, token, network });
      const served = await channel.read(address);
      if (served === undefined) throw serverErrors["discovery-unknown"]({ place: placeText(place) });
      channel.note(address, "xds", served);
      return served;
    },
    watch: (node, onChange, signal) => {
      const place = placeFromNode(node);
      // Reading refuses it.
      if (place === undefined) return;
      let release: (() => void) | undefined;
      // A plug-in that is installed anew has a channel anew; the former one says so by a last change.
      const follow = (): void => {
        release?.();
        if (!signal.aborted) release = hub.channel(place)?.watch(changed);
      };
      const changed = (): void => {
        follow();
        onChange();
      };
      follow();
      signal.addEventListener("abort", () => release?.(), { once: true });
    },
  };
}
