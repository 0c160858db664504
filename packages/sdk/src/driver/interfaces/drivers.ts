import type { AuthzPlugin } from "./authz-plugin.ts";
import type { IpamDriver } from "./ipam-driver.ts";
import type { LogDriver } from "./log-driver.ts";
import type { MetricsCollector } from "./metrics-collector.ts";
import type { NetworkDriver } from "./network-driver.ts";
import type { VolumeDriver } from "./volume-driver.ts";

/** What one socket serves: one driver of each kind, or as many kinds as there are. */
export interface Drivers {
  readonly volume?: VolumeDriver;
  readonly network?: NetworkDriver;
  readonly ipam?: IpamDriver;
  readonly authz?: AuthzPlugin;
  readonly log?: LogDriver;
  readonly metrics?: MetricsCollector;
}

/** Gives the driver its type where it is written; changes nothing. */
export function defineVolumeDriver<Driver extends VolumeDriver>(driver: Driver): Driver {
  return driver;
}

export function defineNetworkDriver<Driver extends NetworkDriver>(driver: Driver): Driver {
  return driver;
}

export function defineIpamDriver<Driver extends IpamDriver>(driver: Driver): Driver {
  return driver;
}

export function defineAuthzPlugin<Driver extends AuthzPlugin>(driver: Driver): Driver {
  return driver;
}

export function defineLogDriver<Driver extends LogDriver>(driver: Driver): Driver {
  return driver;
}

export function defineMetricsCollector<Driver extends MetricsCollector>(driver: Driver): Driver {
  return driver;
}
