const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** `30s`, `5m`, `1h30m` or a number of seconds -> whole seconds; undefined for anything else. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 ? value : undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  if (!/^(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$/.test(value) || value === "") return undefined;
  return [...value.matchAll(/(\d+)([hms])/g)].reduce((sum, [, number, unit = "s"]) => sum + Number(number) * (units[unit] ?? 1), 0);
}
