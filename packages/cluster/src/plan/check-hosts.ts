import { wordsOf } from "@outrigger/plugin";
import type { Platform } from "@outrigger/registry";
import type { HostConnections, HostFacts } from "../ssh/host-connection.ts";

/** What a connection to a host has shown. */
export interface CheckedHost {
  readonly ip: string;
  /** Absent where it could not be reached. */
  readonly facts?: HostFacts;
  /** Why an operation would stop there. */
  readonly refusals: readonly string[];
  /** What surprises later. */
  readonly warnings: readonly string[];
}

/** Bytes under which the disk of a host is called full. */
const leastRoom = 1 << 30;
/** Milliseconds from which on clocks make certificates and tokens fail. */
const mostClockOffset = 60_000;

/** Connects to hosts and looks, without changing anything there. Never fails for a host: that is what it tells. */
export async function checkHosts(
  cluster: string,
  ips: readonly string[],
  platforms: readonly Platform[],
  connections: HostConnections,
): Promise<readonly CheckedHost[]> {
  const found = await Promise.all(
    ips.map(async (ip): Promise<{ readonly ip: string; readonly facts?: HostFacts; readonly failure?: string }> => {
      try {
        return { ip, facts: await (await connections.get(ip)).facts() };
      } catch (error) {
        return { ip, failure: wordsOf(error) };
      }
    }),
  );
  const names = Map.groupBy(
    found.flatMap(({ ip, facts }) => (facts === undefined ? [] : [{ ip, hostname: facts.hostname }])),
    ({ hostname }) => hostname,
  );
  return found.map(({ ip, facts, failure }) => {
    if (facts === undefined) return { ip, refusals: [failure ?? "It can't be reached."], warnings: [] };
    const twins = (names.get(facts.hostname) ?? []).filter((other) => other.ip !== ip);
    const shared = twins.length === 0 ? [] : [`${twins.map((twin) => twin.ip).join(", ")} has the name ${facts.hostname}, too.`];
    return { ip, facts, ...factProblems(facts, cluster, platforms, shared) };
  });
}

function factProblems(
  { architecture, bash, freeBytes, clockOffset, clusters }: HostFacts,
  cluster: string,
  platforms: readonly Platform[],
  shared: readonly string[],
): Pick<CheckedHost, "refusals" | "warnings"> {
  const known = platforms.map((platform) => platform.architecture);
  const others = clusters.filter((name) => name !== cluster);
  const refusals = [
    ...(others.length === 0 ? [] : [`It has files of the cluster ${others.join(", ")}.`]),
    ...(bash ? [] : ["It has no bash."]),
    ...(known.length === 0 || known.includes(architecture) ? [] : [`It is ${architecture}; the image is for ${known.join(", ")}.`]),
  ];
  const offset = Math.round(clockOffset / 1000);
  const warnings = [
    ...shared,
    ...(freeBytes >= leastRoom ? [] : [`It has ${Math.floor(freeBytes / 2 ** 20)} MiB of room under /var/lib.`]),
    ...(Math.abs(clockOffset) <= mostClockOffset ? [] : [`Its clock is ${Math.abs(offset)} s ${offset > 0 ? "ahead" : "behind"}.`]),
  ];
  return { refusals, warnings };
}
