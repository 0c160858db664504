import { driverError } from "../driver-error.ts";

/**
 * The name, where it can be the name of a file: engines check names for their own driver only, so one may hold a way out of the driver's folder.
 *
 * @throws DriverError
 */
export function checkVolumeName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)) return name;
  throw driverError(
    `${JSON.stringify(name)} is no name of a volume: letters, digits, _, . and - are, at most 255, a letter or digit first`,
  );
}
