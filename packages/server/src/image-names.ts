import type { PodKey } from "@outrigger/pod";
import type { Services } from "./services.ts";
import type { BuildRow } from "./store/builds.ts";
import type { VersionKey } from "./store/plugins.ts";

// The engine's names of what was built here. Images without a name fall to `docker image prune`, and a fixed version can't be built again.
// No registry has this host, so nothing is ever pulled by such a name.
const host = "outrigger.local";

export function versionImageName({ team, plugin, version }: VersionKey): string {
  return `${host}/${team}/${plugin}:${version}`;
}

export function componentImageName({ team, application, component }: PodKey): string {
  return `${host}/${team}/${application}/${component}:latest`;
}

export function builtImageName({ team, plugin, version, application, component }: BuildRow): string {
  if (plugin !== null) return versionImageName({ team, plugin, version: version ?? "" });
  return componentImageName({ team, application: application ?? "", component: component ?? "" });
}

/** Lets the engine remove what deleted versions were built into. An engine that is away keeps them: they do no harm, and `docker image ls` shows them. */
export async function forgetImages({ images, log }: Pick<Services, "images" | "log">, versions: readonly VersionKey[]): Promise<void> {
  const forgotten = await Promise.allSettled(versions.map((version) => images.forget(versionImageName(version))));
  for (const each of forgotten)
    if (each.status === "rejected") log.warn({ err: each.reason }, "an image of a deleted version stays on the engine");
}
