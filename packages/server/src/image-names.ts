import type { PodKey } from "@outrigger/pod";
import type { Services } from "./services.ts";
import type { BuildRow } from "./store/builds.ts";
import type { VersionKey } from "./store/plugins.ts";

// The engine's names of what was built here. Images without a name fall to `docker image prune`, and a fixed version can't be built again.
// No registry has this host, so nothing is ever pulled by such a name.
const host = "outrigger.local";

/** This server's own name for an image, which no other server on the engine can take away; then the one that people write in a Dockerfile. */
function namesOf(owner: string, path: string): readonly string[] {
  return [`${host}/${owner}/${path}`, `${host}/${path}`];
}

export function versionImageNames(owner: string, { team, plugin, version }: VersionKey): readonly string[] {
  return namesOf(owner, `${team}/${plugin}:${version}`);
}

export function componentImageNames(owner: string, { team, application, component }: PodKey): readonly string[] {
  return namesOf(owner, `${team}/${application}/${component}:latest`);
}

export function builtImageNames(owner: string, { team, plugin, version, application, component }: BuildRow): readonly string[] {
  if (plugin !== null) return versionImageNames(owner, { team, plugin, version: version ?? "" });
  return componentImageNames(owner, { team, application: application ?? "", component: component ?? "" });
}

/** Lets the engine remove what deleted versions were built into. An engine that is away keeps them: they do no harm, and `docker image ls` shows them. */
export async function forgetImages(
  { owner, images, log }: Pick<Services, "owner" | "images" | "log">,
  versions: readonly VersionKey[],
): Promise<void> {
  const forgotten = await Promise.allSettled(versions.map((version) => images.forget(versionImageNames(owner, version))));
  for (const each of forgotten)
    if (each.status === "rejected") log.warn({ err: each.reason }, "an image of a deleted version stays on the engine");
}
