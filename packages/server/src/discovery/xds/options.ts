import type { DiscoveryOptions } from "@outrigger/pod";

/** Is told what can't be read in a document; the setting then counts as not given. */
export type Tell = (problem: string) => void;

/** How many at once, for all endpoints of a cluster together. */
export interface Limits {
  readonly connections: number;
  readonly pending: number;
  readonly requests: number;
  readonly retries: number;
  readonly requestsPerConnection: number | undefined;
}

export interface Ejection {
  readonly errors: number;
  readonly seconds: number;
  /** 0 to 100 of the endpoints. */
  readonly percent: number;
}

/** Asks for a number by its names, of which the first that is given counts. Empty texts count as not given. */
export interface OptionReader {
  readonly text: (...names: readonly string[]) => string | undefined;
  readonly integer: (names: readonly string[], min: number, max: number) => number | undefined;
  readonly tell: Tell;
}

const uint32Max = 4_294_967_295;
const dayInSeconds = 86_400;

/** `where` stands before each problem, e.g. `api:5000`. */
export function optionReader(where: string, options: DiscoveryOptions<string>, tell: Tell): OptionReader {
  const told: Tell = (problem) => tell(`${where}: ${problem}`);
  const text = (...names: readonly string[]): string | undefined =>
    names.map((name) => (Object.hasOwn(options, name) ? options[name]?.trim() : undefined)).find((found) => found);
  return {
    text,
    tell: told,
    integer: (names, min, max) => {
      const found = text(...names);
      if (found === undefined) return undefined;
      const number = /^\d{1,15}$/.test(found) ? Number(found) : Number.NaN;
      if (number >= min && number <= max) return number;
      told(`${names.join(" or ")} is ${JSON.stringify(found)}; expected a whole number from ${min} to ${max}.`);
      return undefined;
    },
  };
}

export function readLimits({ integer }: OptionReader): Limits {
  return {
    connections: integer(["MAX_CONNECTIONS", "MaxConnections"], 1, uint32Max) ?? 10_240,
    pending: integer(["MAX_PENDING_REQUESTS", "MaxPendingRequests"], 1, uint32Max) ?? 1024,
    requests: integer(["MAX_REQUESTS", "MaxRequests"], 1, uint32Max) ?? 10_240,
    retries: integer(["MAX_ACTIVE_RETRIES", "MaxActiveRetries"], 0, uint32Max) ?? 3,
    requestsPerConnection: integer(["MaxRequestsPerConnection"], 1, uint32Max),
  };
}

/** Undefined: no endpoint is ever ejected, as nothing asks for it. */
export function readEjection({ integer }: OptionReader): Ejection | undefined {
  const own = integer(["CONSECUTIVE_ERRORS"], 1, uint32Max);
  const errors = own ?? integer(["ConsecutiveErrors"], 1, uint32Max);
  if (errors === undefined) return undefined;
  const seconds = integer(["EJECTION_SECONDS"], 1, dayInSeconds);
  const milliseconds = integer(["BaseEjectionTimeMS"], 1, dayInSeconds * 1000);
  return {
    errors,
    seconds: seconds ?? (milliseconds === undefined ? 30 : milliseconds / 1000),
    percent: integer(["MAX_EJECTED", "MaxEjectionPercent"], 0, 100) ?? (own === undefined ? 10 : 50),
  };
}

/** Seconds. */
export function readConnectTimeout({ integer }: OptionReader): number {
  return integer(["CONNECT_TIMEOUT", "ConnectionTimeout"], 1, dayInSeconds) ?? 5;
}

/** Seconds; undefined: an answer may take as long as it likes. */
export function readTimeout({ integer }: OptionReader): number | undefined {
  return integer(["TIMEOUT"], 1, dayInSeconds);
}

/** Seconds after which a connection without traffic is closed. */
export function readIdleTimeout({ integer }: OptionReader): number {
  return integer(["TCPIdleTimeout"], 1, dayInSeconds) ?? 7200;
}

export function readRetries({ integer }: OptionReader): number | undefined {
  return integer(["RETRIES"], 0, 100);
}

/** Below so many percent of healthy endpoints, all are used. */
export function readPanicThreshold({ integer }: OptionReader): number {
  return integer(["HealthyPanicThreshold"], 0, 100) ?? 0;
}
