import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageReference } from "@outrigger/plugin";
import type { PluginPrivilege } from "../../config/plugin-config.ts";
import { driverErrors } from "../../errors.ts";
import type { HostParts } from "../host-parts.ts";
import { fetchVersion } from "../install/fetch-version.ts";
import type { PackageRequest } from "../install/package-access.ts";
import type { LiveDriver } from "../live-driver.ts";
import { publishedName, taggedName } from "../names.ts";
import type { TellProgress } from "../progress.ts";
import { type DriverRecord, recordText } from "../record.ts";
import { driverFolder } from "../root-folder.ts";
import { syncFolder } from "../write-file.ts";

export interface InstallPackage extends PackageRequest {
  readonly granted: readonly PluginPrivilege[];
  /** The local name; else the reference's own. */
  readonly alias?: ImageReference;
}

/** The name that a driver gets. @throws driver-exists, published-name-taken */
export function freeName(
  { reference, alias }: InstallPackage,
  drivers: Iterable<LiveDriver>,
): { readonly name: string; readonly published: string } {
  const name = taggedName(alias ?? reference);
  const published = publishedName(name);
  for (const { record } of drivers) {
    if (record.name === name) throw driverErrors["driver-exists"]({ name });
    if (record.published === published) throw driverErrors["published-name-taken"]({ name, published, other: record.name });
  }
  return { name, published };
}

/** Fetches, unpacks and writes down a driver in a folder beside, and moves that to its place in one step: it is installed whole or not at all. */
export async function installDriver(
  parts: HostParts,
  request: InstallPackage,
  names: { readonly name: string; readonly published: string },
  tell: TellProgress,
): Promise<DriverRecord> {
  const { version, place, drop } = await fetchVersion(parts, request, request.granted, tell);
  const id = randomBytes(32).toString("hex");
  const draft = join(parts.root.incoming, id);
  try {
    const record: DriverRecord = { format: 1, id, ...names, enabled: false, current: version };
    await mkdir(join(draft, "versions"), { recursive: true, mode: 0o700 });
    await mkdir(join(draft, "propagated-mount"), { mode: 0o755 });
    await rename(place, join(draft, "versions", version.folder));
    await writeFile(join(draft, "driver.json"), recordText(record), { mode: 0o600, flush: true });
    await syncFolder(draft);
    await rename(draft, driverFolder(parts.root, id).path);
    await syncFolder(parts.root.drivers);
    return record;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    await drop();
    throw error;
  }
}
