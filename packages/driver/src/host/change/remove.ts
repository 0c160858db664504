import { rename, rm } from "node:fs/promises";
import { driverErrors } from "../../errors.ts";
import type { HostParts } from "../host-parts.ts";
import type { LiveDriver } from "../live-driver.ts";
import { unmountBelow } from "../mounts.ts";

/** Removes a driver with its settings and all that it has kept. @throws driver-still-enabled, driver-in-use, driver-mounts-remain */
export async function removeDriver(parts: HostParts, driver: LiveDriver, force: boolean): Promise<void> {
  const { record, folder } = driver;
  if (record.enabled && !force) throw driverErrors["driver-still-enabled"]({ name: record.name });
  driver.requireUnused(force);
  await driver.stop();
  await unmountBelow(folder.path, record.name);
  // From here on it is gone, also for a host that starts after this one was killed.
  await rename(folder.path, `${folder.path}-removing`);
  driver.bury();
  await rm(`${folder.path}-removing`, { recursive: true, force: true });
  for (const log of [folder.log, `${folder.log}.1`]) await rm(log, { force: true });
  for (const version of [record.current, record.previous]) if (version !== undefined) await parts.access.forget(version.folder);
}
