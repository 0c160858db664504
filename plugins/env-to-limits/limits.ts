import type { HostConfig } from "@outrigger/sdk";

/** What a variable can set. */
export interface Limit {
  readonly field: keyof HostConfig;
  /** Fields that set the same thing in another way; they go when the variable wins. */
  readonly instead: readonly (keyof HostConfig)[];
  /** The engine's value, or undefined for a text that is none. */
  readonly parse: (text: string) => number | string | undefined;
  readonly expected: string;
  /** False: only containers have it, services do not. */
  readonly service: boolean;
}

const memory = { parse: bytesOf, expected: "an amount of memory such as 512m or 1.5Gi", instead: [] } as const;

/** By the names that the setting `names` uses. */
export const limits: Readonly<Record<string, Limit>> = {
  memory: { ...memory, field: "Memory", service: true },
  "memory-reservation": { ...memory, field: "MemoryReservation", service: false },
  "memory-swap": { ...memory, field: "MemorySwap", service: false, parse: (text) => (text === "-1" ? -1 : bytesOf(text)) },
  shm: { ...memory, field: "ShmSize", service: false },
  cpus: {
    field: "NanoCpus",
    instead: ["CpuQuota", "CpuPeriod"],
    parse: nanoCpusOf,
    expected: "a number of CPUs such as 0.5 or 500m",
    service: true,
  },
  "cpu-shares": { field: "CpuShares", instead: [], parse: wholeOf, expected: "a whole number above 0", service: false },
  cpuset: {
    field: "CpusetCpus",
    instead: [],
    parse: (text) => (/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text) ? text : undefined),
    expected: "CPUs such as 0-2,4",
    service: false,
  },
  pids: {
    field: "PidsLimit",
    instead: [],
    parse: (text) => (text === "-1" ? -1 : wholeOf(text)),
    expected: "a whole number above 0, or -1",
    service: true,
  },
};

/** Which variable sets what, where the settings say nothing. */
export const usualNames: Readonly<Record<string, string>> = {
  MEMORY_LIMIT: "memory",
  MEMORY_RESERVATION: "memory-reservation",
  MEMORY_SWAP_LIMIT: "memory-swap",
  SHM_SIZE: "shm",
  CPU_LIMIT: "cpus",
  CPU_SHARES: "cpu-shares",
  CPU_SET: "cpuset",
  PIDS_LIMIT: "pids",
};

/** `512m`, `512Mi`, `512MB` -> 536870912, as the docker client reads them: every unit is a power of 1024, in any case. */
export function bytesOf(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const bytes = Math.floor(Number(amount) * 1024 ** ["", "k", "m", "g", "t", "p"].indexOf(unit.toLowerCase()));
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `0.5`, `500m` -> 500000000 */
export function nanoCpusOf(text: string): number | undefined {
  const [, amount, thousandths] = /^(\d+(?:\.\d{1,9})?)(m?)$/.exec(text) ?? [];
  const nano = Math.round(Number(amount) * (thousandths === "m" ? 1e6 : 1e9));
  return amount !== undefined && nano > 0 && Number.isSafeInteger(nano) ? nano : undefined;
}

function wholeOf(text: string): number | undefined {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  return value > 0 ? value : undefined;
}
