const memoryUnits: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Kubernetes' spelling of an amount of memory: a number, then nothing or one of k, M, G, T, Ki, Mi, Gi, Ti. */
export const memoryPattern: RegExp = /^(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/;

/** Kubernetes' spelling of an amount of CPU: cores (`1`, `0.5`) or thousandths of a core (`50m`). */
export const cpuPattern: RegExp = /^(\d+(?:\.\d{1,3})?|\d+m)$/;

/** `64Mi` -> 67108864 bytes; undefined when the text is no amount of memory. */
export function parseMemory(text: string): number | undefined {
  const match = memoryPattern.exec(text);
  const unit = memoryUnits[match?.[2] ?? ""];
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}

/** `50m` -> 50, `0.5` -> 500 thousandths of a core; undefined when the text is no amount of CPU. */
export function parseCpu(text: string): number | undefined {
  if (!cpuPattern.test(text)) return undefined;
  return text.endsWith("m") ? Number(text.slice(0, -1)) : Math.round(Number(text) * 1000);
}

/** 67108864 bytes -> `64Mi`, in the largest unit that keeps it whole. */
export function formatMemory(bytes: number): string {
  const unit = ["Ti", "Gi", "Mi", "Ki"].find((name) => bytes > 0 && bytes % (memoryUnits[name] ?? 1) === 0);
  return unit === undefined ? String(bytes) : `${bytes / (memoryUnits[unit] ?? 1)}${unit}`;
}

/** 1500 -> `1500m`, 2000 -> `2`. */
export function formatCpu(thousandths: number): string {
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}
