export { isOutriggerError, OutriggerError } from "@outrigger/plugin/errors";
export * from "../files/write-durably.ts";
export * from "./addresses/address-pool.ts";
export * from "./addresses/pool-ipam.ts";
export {
  type Address,
  contains,
  formatAddress,
  formatSubnet,
  freeSubnet,
  type IpVersion,
  overlap,
  parseAddress,
  parseSubnet,
  type Subnet,
} from "./addresses/subnet.ts";
export * from "./driver-error.ts";
export * from "./errors.ts";
export * from "./interfaces/authz-plugin.ts";
export * from "./interfaces/call-context.ts";
export * from "./interfaces/drivers.ts";
export * from "./interfaces/ipam-driver.ts";
export * from "./interfaces/log-driver.ts";
export * from "./interfaces/metrics-collector.ts";
export * from "./interfaces/network-driver.ts";
export * from "./interfaces/volume-driver.ts";
export * from "./legacy/discovery-file.ts";
export * from "./log/entry-codec.ts";
export * from "./log/frames.ts";
export * from "./log/join-parts.ts";
export * from "./log/log-entry.ts";
export * from "./log/select-entries.ts";
export * from "./logger.ts";
export * from "./metrics/scrape-metrics.ts";
export * from "./serve-driver.ts";
export * from "./state/state-file.ts";
export * from "./volumes/mount-table.ts";
export * from "./volumes/mounts-file.ts";
export * from "./volumes/volume-name.ts";
