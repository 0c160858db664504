import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { settingsOf } from "../../config/settable.ts";
import type { HostParts } from "../host-parts.ts";
import type { DriverRecord } from "../record.ts";
import { type DriverFolder, rootfsOf } from "../root-folder.ts";
import { hostDevices } from "./host-devices.ts";
import { devicePaths, ociSpec, servesCapability } from "./oci-spec.ts";

/** Writes the bundle's config.json. @throws driver-cannot-start */
export async function writeBundle(record: DriverRecord, folder: DriverFolder, { logging, metrics }: HostParts): Promise<void> {
  const { config, set, folder: version } = record.current;
  const settings = settingsOf(config, set);
  if (servesCapability(config, "logdriver")) await mkdir(logging, { recursive: true, mode: 0o700 });
  const places = {
    id: record.id,
    rootfs: rootfsOf(folder, version),
    propagated: folder.propagated,
    sockets: folder.sockets,
    logging,
    ...(existsSync(metrics) ? { metrics } : {}),
  };
  const spec = ociSpec(config, settings, places, await hostDevices(devicePaths(settings.Devices)));
  // Settings may be secrets.
  await writeFile(join(folder.run, "config.json"), JSON.stringify(spec, undefined, 2), { mode: 0o600 });
}
