import { driverSdkErrors } from "../errors.ts";
import type { Drivers } from "../interfaces/drivers.ts";
import { serveAuthz } from "./authz.ts";
import { serveIpam } from "./ipam.ts";
import { serveLog } from "./log.ts";
import { serveMetrics } from "./metrics.ts";
import { serveNetwork } from "./network.ts";
import { errAnswer, type Method, type ServedInterface } from "./served-interface.ts";
import { serveVolume } from "./volume.ts";

/** A method with what its interface says of it. */
export interface ServedMethod {
  /** e.g. `VolumeDriver.Create` */
  readonly name: string;
  readonly method: Method;
  readonly of: Pick<ServedInterface, "refuse">;
}

/** @throws `driver-interface-missing` */
export function servedInterfaces({ volume, network, ipam, authz, log, metrics }: Drivers): readonly ServedInterface[] {
  const served = [
    ...(volume === undefined ? [] : [serveVolume(volume)]),
    ...(network === undefined ? [] : [serveNetwork(network)]),
    ...(ipam === undefined ? [] : [serveIpam(ipam)]),
    ...(authz === undefined ? [] : [serveAuthz(authz)]),
    ...(log === undefined ? [] : [serveLog(log)]),
    ...(metrics === undefined ? [] : [serveMetrics(metrics)]),
  ];
  if (served.length === 0) throw driverSdkErrors["driver-interface-missing"]({});
  return served;
}

/** Every method by its name, with `Plugin.Activate`. */
export function servedMethods(interfaces: readonly ServedInterface[]): ReadonlyMap<string, ServedMethod> {
  const activation = { Implements: interfaces.map(({ name }) => name) };
  const methods = interfaces.flatMap((of) =>
    Object.entries(of.methods).map(([name, method]) => ({ name: `${of.prefix ?? of.name}.${name}`, method, of })),
  );
  const activate: ServedMethod = { name: "Plugin.Activate", method: { plain: () => activation }, of: { refuse: errAnswer } };
  return new Map([activate, ...methods].map((each) => [each.name, each] as const));
}
