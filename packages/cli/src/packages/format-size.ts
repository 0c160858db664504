const units = ["kB", "MB", "GB"] as const;

/** `512 B`, `1.2 MB`: powers of 1000, as registries count. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const step = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toFixed(1)} ${units[step - 1]}`;
}
