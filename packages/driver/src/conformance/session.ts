import { randomBytes } from "node:crypto";
import type { DriverLauncher, RunningDriver } from "./launcher.ts";
import { readAddress } from "./wire/address.ts";
import type { Profile } from "./wire/profile.ts";
import { createWire, type Wire } from "./wire/wire.ts";

export interface SessionSettings {
  readonly profile: Profile;
  /** For every answer, in milliseconds; without it dockerd's own limits. */
  readonly timeout?: number;
  /** The `Opts` of volumes. */
  readonly volumeOptions: Readonly<Record<string, string>>;
  /** `com.docker.network.generic` of networks. */
  readonly networkOptions: Readonly<Record<string, string>>;
  /** What stands before a path of the driver, for a driver with a root of its own. */
  readonly root: string;
  /** The interfaces come from a configuration, as with a managed plug-in: the engine never activates it. */
  readonly managed: boolean;
}

/** One run against one driver. */
export interface Session extends SessionSettings {
  readonly wire: Wire;
  /** Begins every name that this run makes. */
  readonly prefix: string;
  /** Plugin.Activate's names of what is tested: `VolumeDriver`. */
  readonly interfaces: ReadonlySet<string>;
  readonly launcher: DriverLauncher | undefined;
  readonly running: () => RunningDriver | undefined;
  /** Starts the driver (again) and waits until it listens, at most 12.5 s as dockerd; gives the milliseconds, or undefined when it never does. One that is not ours is tried once. */
  readonly start: () => Promise<number | undefined>;
  /** A path of the driver as this machine knows it. */
  readonly outside: (path: string) => string;
}

/** dockerd tries to connect after 0.5 s and then four times, 3 s apart. */
export const listenLimit: number = 12_500;

export function createSession(
  settings: SessionSettings & { readonly address?: string; readonly launcher?: DriverLauncher; readonly interfaces: ReadonlySet<string> },
): Session {
  let running: RunningDriver | undefined;
  const address = (): string => running?.address ?? settings.address ?? "";
  if (settings.address !== undefined) readAddress(settings.address);
  const wire = createWire(() => readAddress(address()), settings.profile, settings.timeout);
  const listening = async (): Promise<boolean> => {
    try {
      (await wire.open()).close();
      return true;
    } catch {
      return false;
    }
  };
  return {
    ...settings,
    wire,
    prefix: `conformance-${randomBytes(4).toString("hex")}`,
    launcher: settings.launcher,
    running: () => running,
    start: async () => {
      wire.reset();
      running = await settings.launcher?.start();
      const started = running?.startedAt ?? performance.now();
      while (performance.now() - started < listenLimit && running?.ended() === undefined) {
        if (await listening()) return Math.round(performance.now() - started);
        if (running === undefined) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return undefined;
    },
    outside: (path) => running?.outside(path) ?? `${settings.root}${path}`,
  };
}
