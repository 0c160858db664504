import { stat } from "node:fs/promises";
import { driverErrors } from "../../errors.ts";
import type { HostDevice } from "./oci-spec.ts";

/** Looks device files up on this machine. @throws driver-cannot-start where one is not there or is none */
export async function hostDevices(paths: readonly string[]): Promise<readonly HostDevice[]> {
  return Promise.all(paths.map(hostDevice));
}

async function hostDevice(path: string): Promise<HostDevice> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  const type = found?.isCharacterDevice() === true ? "c" : found?.isBlockDevice() === true ? "b" : undefined;
  if (found === undefined || type === undefined)
    throw driverErrors["driver-cannot-start"]({ reason: `${path} is no device of this machine` });
  const { rdev, mode, uid, gid } = found;
  // makedev(3)
  const major = Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn));
  const minor = Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn));
  return { path, type, major, minor, mode: Number(mode & 0o7777n), uid: Number(uid), gid: Number(gid) };
}
