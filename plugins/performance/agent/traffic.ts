import { type Connections, createConnections, type WatchedPort } from "./connections.ts";
import { createFigures, type Figures } from "./figures.ts";
import type { Packet } from "./pcap.ts";
import type { PortState } from "./report.ts";
import { segmentOf } from "./segment.ts";
import type { PortSettings } from "./settings.ts";

/** From packets to figures. */
export interface Traffic {
  readonly packet: (packet: Packet, linkType: number) => void;
  /** New settings; the figures of ports that stay go on. */
  readonly configure: (settings: readonly PortSettings[]) => void;
  readonly connections: Connections;
  readonly ports: () => readonly PortState[];
}

export function createTraffic(isOwn: (address: string) => boolean): Traffic {
  const connections = createConnections({ isOwn });
  let settings: readonly PortSettings[] = [];
  let figures = new Map<number, Figures>();
  return {
    connections,
    packet: ({ bytes, time }, linkType) => {
      const segment = segmentOf(bytes, linkType);
      if (segment !== undefined) connections.take(segment, time);
    },
    configure: (next) => {
      settings = next;
      figures = new Map(next.map(({ port }) => [port, figures.get(port) ?? createFigures()]));
      connections.watch(
        next.flatMap(({ enabled, ...rest }): readonly WatchedPort[] => {
          const own = figures.get(rest.port);
          return enabled && own !== undefined ? [{ ...rest, figures: own }] : [];
        }),
      );
    },
    ports: () =>
      settings.flatMap((each) => {
        const own = figures.get(each.port);
        return own === undefined ? [] : [{ settings: each, figures: own, open: connections.open(each.port) }];
      }),
  };
}
