import { wordsOf } from "@outrigger/plugin";
import type { ManagedPlugin, PluginPrivilege } from "../config/plugin-config.ts";
import { privilegesOfConfig } from "../config/privileges.ts";
import { applySettings } from "../config/settable.ts";
import { driverErrors } from "../errors.ts";
import { freeName, type InstallPackage, installDriver } from "./change/install.ts";
import { removeDriver } from "./change/remove.ts";
import { beforeTrial, returnTo, rollbackDriver, type UpgradePackage, upgradeDriver, withoutTrial } from "./change/upgrade.ts";
import type { HostParts } from "./host-parts.ts";
import { findPackage } from "./install/fetch-version.ts";
import type { PackageRequest } from "./install/package-access.ts";
import { LiveDriver } from "./live-driver.ts";
import { findDriver } from "./names.ts";
import type { TellProgress } from "./progress.ts";
import { Graves } from "./publish/graves.ts";
import { readRecords } from "./record.ts";
import { prepareRoot } from "./root-folder.ts";
import { lockRoot } from "./root-lock.ts";
import { readDriverLog } from "./run/driver-log.ts";

/** The drivers of one root folder, running. Names are a driver's own, the one that engines know it by, an id, or the beginning of one. */
export interface DriverHost {
  readonly list: () => readonly ManagedPlugin[];
  /** @throws driver-unknown, driver-ambiguous, as all that take a name */
  readonly inspect: (name: string) => ManagedPlugin;
  /** What a package asks for. @throws package-not-driver, and what its source throws */
  readonly privileges: (request: PackageRequest) => Promise<readonly PluginPrivilege[]>;
  /** Installs a package; it is disabled at first. @throws driver-exists, published-name-taken, privileges-differ, and what fetching throws */
  readonly install: (request: InstallPackage, tell: TellProgress) => Promise<ManagedPlugin>;
  /** Resolves once it is healthy. @param limit milliseconds, 0 for the host's own @throws driver-enabled, driver-settings-missing, driver-start-failed */
  readonly enable: (name: string, limit: number) => Promise<void>;
  /** @throws driver-disabled, driver-in-use */
  readonly disable: (name: string, force: boolean) => Promise<void>;
  /** @throws driver-setting-enabled and the errors of `applySettings` */
  readonly set: (name: string, args: readonly string[]) => Promise<void>;
  readonly upgrade: (name: string, request: UpgradePackage, tell: TellProgress) => Promise<void>;
  readonly rollback: (name: string, force: boolean) => Promise<void>;
  /** @throws driver-still-enabled, driver-in-use, driver-mounts-remain */
  readonly remove: (name: string, force: boolean) => Promise<void>;
  /** What the driver has written, as it comes. */
  readonly logs: (name: string, follow: boolean, signal: AbortSignal) => AsyncIterable<Buffer>;
  /** The host goes; the drivers stay. */
  readonly close: () => Promise<void>;
}

/** Opens a root folder: takes over what runs, starts what does not, ends and removes what should not be there. @throws root-in-use, root-unusable, record-unreadable */
export async function openDriverHost(parts: HostParts): Promise<DriverHost> {
  await prepareRoot(parts.root);
  const unlock = lockRoot(parts.root);
  const drivers = new Map<string, LiveDriver>();
  const graves = new Graves();
  for (const record of await readRecords(parts.root)) drivers.set(record.id, new LiveDriver(parts, record, graves));
  const kept = [...drivers.values()].flatMap(({ record: { current, previous } }) => [current.folder, previous?.folder ?? current.folder]);
  await parts.access.keepOnly(kept);
  for (const driver of drivers.values()) await settle(parts, driver);
  // Two installs of one name at once would both find it free.
  const arriving = new Set<string>();
  const find = (name: string): LiveDriver => findDriver(drivers.values(), name);
  /** One change of a driver after the other; it may be gone when its turn comes. */
  const change = async (name: string, turn: (driver: LiveDriver) => Promise<void>): Promise<void> => {
    const driver = find(name);
    return driver.exclusively(() => turn(find(driver.record.id)));
  };
  return {
    list: () => [...drivers.values()].map((driver) => driver.view()),
    inspect: (name) => find(name).view(),
    privileges: (request) => findPackage(parts, request, async ({ config }) => privilegesOfConfig(config)),
    install: async (request, tell) => {
      const names = freeName(request, drivers.values());
      if (arriving.has(names.published)) throw driverErrors["driver-exists"]({ name: names.name });
      arriving.add(names.published);
      try {
        const driver = new LiveDriver(parts, await installDriver(parts, request, names, tell), graves);
        drivers.set(driver.record.id, driver);
        return driver.view();
      } finally {
        arriving.delete(names.published);
      }
    },
    enable: (name, limit) =>
      change(name, async (driver) => {
        if (driver.record.enabled) throw driverErrors["driver-enabled"]({ name: driver.record.name });
        const reason = await driver.start(limit);
        if (reason !== undefined) throw driverErrors["driver-start-failed"]({ name: driver.record.name, reason });
        await driver.write({ ...driver.record, enabled: true, introduced: true });
      }),
    disable: (name, force) =>
      change(name, async (driver) => {
        if (!driver.record.enabled) throw driverErrors["driver-disabled"]({ name: driver.record.name });
        driver.requireUnused(force);
        await driver.write({ ...withoutTrial(driver.record), enabled: false });
        await driver.stop();
      }),
    set: (name, args) =>
      change(name, async (driver) => {
        const { record } = driver;
        if (record.enabled) throw driverErrors["driver-setting-enabled"]({ name: record.name });
        const set = applySettings(record.current.config, record.current.set, args);
        await driver.write({ ...record, current: { ...record.current, set } });
      }),
    upgrade: (name, request, tell) => change(name, (driver) => upgradeDriver(parts, driver, request, tell)),
    rollback: (name, force) => change(name, (driver) => rollbackDriver(driver, force)),
    remove: (name, force) =>
      change(name, async (driver) => {
        await removeDriver(parts, driver, force);
        drivers.delete(driver.record.id);
      }),
    logs: (name, follow, signal) => readDriverLog(find(name).folder.log, follow, signal),
    close: async () => {
      await Promise.all([...drivers.values()].map((driver) => driver.release()));
      graves.close();
      unlock();
    },
  };
}

/** What becomes of a driver when a host starts. One that can't go on must not keep the others from it. */
async function settle(parts: HostParts, driver: LiveDriver): Promise<void> {
  try {
    if (!driver.record.enabled) {
      await driver.stop();
      if (driver.record.introduced === true) await driver.publish();
      return;
    }
    const old = beforeTrial(driver.record);
    await driver.resume();
    if (old === undefined) return;
    const trial = async (): Promise<void> => {
      const reason = await driver.firstStart();
      if (reason === undefined) await driver.write(withoutTrial(driver.record));
      else await returnTo(driver, old, reason);
    };
    void driver.exclusively(trial).catch((error: unknown) => parts.log(`${driver.record.name}: ${wordsOf(error)}`));
  } catch (error) {
    parts.log(`${driver.record.name}: ${wordsOf(error)}`);
  }
}
