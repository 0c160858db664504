/**
 * Would an engine of this version crash when it is asked to install or upgrade a plug-in by digest? moby 74d51e8553 mended it: 23.0.15, 25.0.3, 26.0. Measured on
 * 20.10.24, 24.0.9 and 25.0.2. What can't be read, or is older than what was measured, counts as crashing.
 */
export function digestInstallPanics(version: string): boolean {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return true;
  if (major >= 26) return false;
  if (major === 25) return minor === 0 && patch < 3;
  return !(major === 23 && (minor > 0 || patch >= 15));
}
