import { matchesAny } from "@outrigger/sdk";

/** Which switch a route belongs to, by patterns of its name; the first that matches counts. Names and meaning are docker-socket-proxy's. */
const sections: readonly (readonly [section: string, routes: readonly string[]])[] = [
  ["PING", ["system.ping"]],
  ["EVENTS", ["system.events"]],
  ["VERSION", ["system.version"]],
  ["INFO", ["system.info"]],
  ["SYSTEM", ["system.df"]],
  ["AUTH", ["system.auth"]],
  ["BUILD", ["build", "build.*"]],
  ["COMMIT", ["commit"]],
  ["CONFIGS", ["config.*"]],
  ["CONTAINERS", ["container.*", "checkpoint.*"]],
  ["DISTRIBUTION", ["distribution.*"]],
  ["EXEC", ["exec.*"]],
  ["GRPC", ["grpc"]],
  ["IMAGES", ["image.*"]],
  ["NETWORKS", ["network.*"]],
  ["NODES", ["node.*"]],
  ["PLUGINS", ["plugin.*"]],
  ["SECRETS", ["secret.*"]],
  ["SERVICES", ["service.*"]],
  ["SESSION", ["session"]],
  ["SWARM", ["swarm.*"]],
  ["TASKS", ["task.*"]],
  ["VOLUMES", ["volume.*"]],
];

/** Routes that a switch of their own opens, without POST and CONTAINERS. */
const single: Readonly<Record<string, string>> = {
  "container.start": "ALLOW_START",
  "container.stop": "ALLOW_STOP",
  "container.restart": "ALLOW_RESTARTS",
  "container.kill": "ALLOW_RESTARTS",
};

/** Routes that need a switch of their own beside their section's: they read any file of a container, or write to one by a GET. */
const further: Readonly<Record<string, string>> = {
  "container.archiveGet": "ALLOW_FILES",
  "container.archiveStat": "ALLOW_FILES",
  "container.archivePut": "ALLOW_FILES",
  "container.copy": "ALLOW_FILES",
  "container.export": "ALLOW_FILES",
  "container.attachWebsocket": "ALLOW_ATTACH",
};

export type Switches = Readonly<Record<string, unknown>>;

/** The switches that would have to be on for a route and are not; empty: it is open. Undefined: no switch opens it. */
export function missingSwitches(route: string | null, method: string, on: Switches): readonly string[] | undefined {
  const section = sections.find(([, routes]) => matchesAny(route ?? "", routes))?.[0];
  if (route === null || section === undefined) return undefined;
  const alone = single[route];
  // docker-socket-proxy lets restarts stop as well.
  if (alone !== undefined && (on[alone] === true || (route === "container.stop" && on["ALLOW_RESTARTS"] === true))) return [];
  const also = further[route];
  const needed = [section, ...(method === "GET" || method === "HEAD" ? [] : ["POST"]), ...(also === undefined ? [] : [also])];
  return needed.filter((name) => on[name] !== true);
}
