import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatImageReference } from "@outrigger/plugin";
import type { PluginPrivilege } from "../../config/plugin-config.ts";
import { privilegesOfConfig, requirePrivileges } from "../../config/privileges.ts";
import { nothingSet } from "../../config/settable.ts";
import type { HostParts } from "../host-parts.ts";
import type { TellProgress } from "../progress.ts";
import type { DriverVersion } from "../record.ts";
import { type FoundDriver, findDriverPackage } from "./found-driver.ts";
import type { PackageRequest } from "./package-access.ts";

/** Finds a package and reads what it says of itself. @throws package-not-driver, and what its source throws */
export async function findPackage<T>(
  { access }: Pick<HostParts, "access">,
  request: PackageRequest,
  use: (found: FoundDriver) => Promise<T>,
): Promise<T> {
  const { source, digest, close } = await access.open(request);
  try {
    return await use(await findDriverPackage(source, digest, formatImageReference(request.reference)));
  } finally {
    close();
  }
}

/** A version whose files lie in a folder among the half-made things: what puts it in place moves it. */
export interface FetchedVersion {
  readonly version: DriverVersion;
  /** Holds `rootfs`. */
  readonly place: string;
  /** Takes it away, where it came to nothing. */
  readonly drop: () => Promise<void>;
}

/** Fetches a package, checks what was granted, and unpacks it. @throws privileges-differ, and what fetching throws; nothing of it is left then */
export async function fetchVersion(
  parts: HostParts,
  request: PackageRequest,
  granted: readonly PluginPrivilege[],
  tell: TellProgress,
): Promise<FetchedVersion> {
  return findPackage(parts, request, (found) => fetchFound(parts, request, found, granted, tell));
}

async function fetchFound(
  parts: HostParts,
  { reference }: PackageRequest,
  found: FoundDriver,
  granted: readonly PluginPrivilege[],
  tell: TellProgress,
): Promise<FetchedVersion> {
  const name = formatImageReference(reference);
  const asked = privilegesOfConfig(found.config);
  requirePrivileges(name, asked, granted);
  const { digest } = found.manifest.descriptor;
  const folder = `${digest.slice("sha256:".length, "sha256:".length + 12)}-${randomBytes(4).toString("hex")}`;
  const place = join(parts.root.incoming, folder);
  const drop = async (): Promise<void> => {
    await rm(place, { recursive: true, force: true });
    await parts.access.forget(folder);
  };
  try {
    tell({ status: `Pulling from ${reference.repository}`, id: reference.tag ?? digest });
    const kept = await parts.access.keep(found.source, digest, folder, ({ digest: blob, size }, current) =>
      tell({ status: "Downloading", id: blob.slice(7, 19), progressDetail: { current, total: size } }),
    );
    tell({ status: `Digest: ${digest}` });
    const rootfs = join(place, "rootfs");
    await mkdir(rootfs, { recursive: true, mode: 0o755 });
    await parts.access.unpack(kept, found.layers, rootfs);
    tell({ status: "Pull complete", id: found.layers.at(-1)?.digest.slice(7, 19) ?? "" });
    const version = { reference: name, digest, folder, config: found.config, set: nothingSet, granted: asked };
    return { version, place, drop };
  } catch (error) {
    await drop().catch(() => {});
    throw error;
  }
}
