import type { Check, Suite } from "./check.ts";
import { activationChecks } from "./suites/activation.ts";
import { authzChecks } from "./suites/authz/authz.ts";
import { httpChecks } from "./suites/http.ts";
import { ipamChecks } from "./suites/ipam/ipam.ts";
import { aliveCheck, lifecycleChecks } from "./suites/lifecycle.ts";
import { logChecks } from "./suites/log/log.ts";
import { readLogsChecks } from "./suites/log/read-logs.ts";
import { metricsChecks } from "./suites/metrics.ts";
import { networkEndpointChecks } from "./suites/network/endpoint.ts";
import { networkChecks } from "./suites/network/network.ts";
import { volumeCreateChecks } from "./suites/volume/create.ts";
import { volumeLookChecks } from "./suites/volume/look.ts";
import { volumeMountChecks } from "./suites/volume/mount.ts";
import { volumeRemoveChecks } from "./suites/volume/remove.ts";

/** Which suite an interface is tested by; of the others (secret providers, graph drivers) nothing is known to ask. */
export const suiteOf: Readonly<Record<string, Suite>> = {
  VolumeDriver: "volume",
  NetworkDriver: "network",
  IpamDriver: "ipam",
  authz: "authz",
  LogDriver: "log",
  MetricsCollector: "metrics",
};

/** Every check, in the order they are asked. */
export const checkTable: readonly Check[] = [
  ...activationChecks,
  ...httpChecks,
  ...volumeCreateChecks,
  ...volumeLookChecks,
  ...volumeMountChecks,
  ...volumeRemoveChecks,
  ...networkChecks,
  ...networkEndpointChecks,
  ...ipamChecks,
  ...authzChecks,
  ...logChecks,
  ...readLogsChecks,
  ...metricsChecks,
  ...lifecycleChecks,
  aliveCheck,
];

/** Whether an `--only` or `--skip` names a check: its whole id, or its suite. */
export function names(selector: string, id: string): boolean {
  return selector === id || id.startsWith(`${selector}.`);
}
