import { BlockList } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { DiscoveryPorts } from "@outrigger/pod";
import type { ApplicationNetwork } from "@outrigger/runtime";
import type { Logger } from "pino";
import { serverErrors } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { startHttpListener } from "./http-listener.ts";
import type { DiscoveryHub } from "./hub.ts";
import { startXdsServer } from "./xds/xds-server.ts";
import { xdsSource } from "./xds-source.ts";

/** Discovery on one network. */
export interface Listening {
  /** Ends after the first attempt, whether it succeeded or not. */
  readonly tried: Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ListeningParts {
  readonly network: ApplicationNetwork;
  readonly hub: DiscoveryHub;
  readonly ports: DiscoveryPorts;
  readonly log: Logger;
  readonly events: EventLog;
}

const retryMs = 2000;

/** Listens at the network's gateway, to its pods and nobody else; tries again until it can, and says so once. */
export function listenOnNetwork({ network, hub, ports, log, events }: ListeningParts): Listening {
  const { team, application, gateway } = network;
  const accepts = podsOf(network);
  const closing = new AbortController();
  const retries: Promise<void>[] = [];
  const open: { readonly close: () => Promise<unknown> }[] = [];

  /** One attempt at first; then more of them in the background. */
  const insist = async (port: number, start: () => Promise<{ readonly close: () => Promise<unknown> }>): Promise<void> => {
    const attempt = async (told: boolean): Promise<boolean> => {
      try {
        open.push(await start());
        return true;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const { message } = serverErrors["discovery-address"]({ address: `${gateway}:${port}`, application, reason });
        if (told) return false;
        log.error({ application, reason }, message);
        const event = { team, subject: `application:${application}`, kind: "warning" as const, reason: "discovery-address", message };
        await events.note(event).catch(() => undefined);
        return false;
      }
    };
    if (await attempt(false)) return;
    const retry = async (): Promise<void> => {
      do await sleep(retryMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      while (!closing.signal.aborted && !(await attempt(true)));
    };
    retries.push(retry());
  };

  const tried = Promise.all([
    insist(ports.http, () =>
      startHttpListener({
        open: (place, token) => hub.open({ place, token, network }),
        host: gateway,
        port: ports.http,
        accepts,
        log,
      }),
    ),
    insist(ports.xds, () => startXdsServer({ source: xdsSource(hub, network), host: gateway, port: ports.xds, accepts, log })),
  ]).then(() => undefined);

  return {
    tried,
    close: async () => {
      closing.abort();
      await tried;
      await Promise.all(retries);
      await Promise.all(open.map((each) => each.close()));
    },
  };
}

/** Pods have the addresses of the network's own range, save the gateway's, which is the host's. */
function podsOf({ subnet, gateway }: ApplicationNetwork): (address: string) => boolean {
  const [base = "", bits = "32"] = subnet.split("/");
  const range = new BlockList();
  range.addSubnet(base, Number(bits), "ipv4");
  return (address) => address !== gateway && range.check(address, "ipv4");
}
