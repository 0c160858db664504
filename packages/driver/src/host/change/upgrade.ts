import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import type { PluginPrivilege } from "../../config/plugin-config.ts";
import { mergeSettings } from "../../config/settable.ts";
import { driverErrors } from "../../errors.ts";
import type { HostParts } from "../host-parts.ts";
import { fetchVersion } from "../install/fetch-version.ts";
import type { PackageRequest } from "../install/package-access.ts";
import type { LiveDriver } from "../live-driver.ts";
import type { TellProgress } from "../progress.ts";
import type { DriverRecord, DriverVersion } from "../record.ts";
import { syncFolder } from "../write-file.ts";

export interface UpgradePackage extends PackageRequest {
  readonly granted: readonly PluginPrivilege[];
  readonly force: boolean;
}

/**
 * Puts another version in a driver's place. Its files come to lie beside the old one's, what a person has set is kept, and so is the propagated mount. Where the
 * driver is enabled the new version must become healthy, else the old one runs again. @throws driver-upgrade-failed, driver-in-use, and what fetching throws
 */
export async function upgradeDriver(parts: HostParts, driver: LiveDriver, request: UpgradePackage, tell: TellProgress): Promise<void> {
  const { record, folder } = driver;
  if (record.enabled) driver.requireUnused(request.force);
  const { version, place, drop } = await fetchVersion(parts, request, request.granted, tell);
  try {
    const { set, dropped } = mergeSettings(version.config, record.current.set);
    for (const { name, reason } of dropped) tell({ status: `The value of ${name} is dropped: ${reason}` });
    await rename(place, join(folder.versions, version.folder));
    await syncFolder(folder.versions);
    await switchVersion(driver, { ...version, set }, record.current);
  } catch (error) {
    if (driver.record.current.folder !== version.folder) {
      await rm(join(folder.versions, version.folder), { recursive: true, force: true });
      await drop();
    }
    throw error;
  }
  await forgetVersion(parts, driver, record.previous);
}

/** Goes back to the version before, with the settings as they are now. @throws driver-no-previous, driver-upgrade-failed, driver-in-use */
export async function rollbackDriver(driver: LiveDriver, force: boolean): Promise<void> {
  const { current, previous, name, enabled } = driver.record;
  if (previous === undefined) throw driverErrors["driver-no-previous"]({ name });
  if (enabled) driver.requireUnused(force);
  const { set } = mergeSettings(previous.config, {
    env: { ...previous.set.env, ...current.set.env },
    mounts: { ...previous.set.mounts, ...current.set.mounts },
    devices: { ...previous.set.devices, ...current.set.devices },
    args: { ...previous.set.args, ...current.set.args },
  });
  await switchVersion(driver, { ...previous, set }, current);
}

/** Until the new version is healthy the record says that it is on trial: a host that starts in between ends the trial. */
async function switchVersion(driver: LiveDriver, next: DriverVersion, before: DriverVersion): Promise<void> {
  const old = driver.record;
  if (!old.enabled) return driver.write({ ...old, current: next, previous: before });
  await driver.stop();
  await driver.write({ ...old, current: next, previous: before, onTrial: true });
  const reason = await startOr(driver);
  if (reason === undefined) return driver.write(withoutTrial(driver.record));
  await returnTo(driver, old, reason);
}

/** Sets a driver whose new version is not healthy back. @throws driver-upgrade-failed always */
export async function returnTo(driver: LiveDriver, old: DriverRecord, reason: string): Promise<never> {
  const { name, current } = old;
  await driver.stop();
  await driver.write(old);
  const second = await startOr(driver);
  if (second === undefined) throw driverErrors["driver-upgrade-failed"]({ name, back: current.reference, reason });
  await driver.resume();
  throw driverErrors["driver-upgrade-lost"]({ name, back: current.reference, reason, second });
}

/** The record of a driver before a trial that a killed host did not finish. */
export function beforeTrial(record: DriverRecord): DriverRecord | undefined {
  if (record.onTrial !== true || record.previous === undefined) return undefined;
  const { previous, ...rest } = withoutTrial(record);
  return previous === undefined ? undefined : { ...rest, current: previous };
}

export function withoutTrial({ onTrial: _, ...record }: DriverRecord): DriverRecord {
  return record;
}

async function startOr(driver: LiveDriver): Promise<string | undefined> {
  return driver.start().catch(wordsOf);
}

/** Removes the files of a version that nothing leads back to. */
async function forgetVersion(parts: HostParts, driver: LiveDriver, version: DriverVersion | undefined): Promise<void> {
  if (version === undefined) return;
  await rm(join(driver.folder.versions, version.folder), { recursive: true, force: true });
  await parts.access.forget(version.folder);
}
