import type { PluginResource } from "@outrigger/server";

/** The version that a bare NAME means: the newest built one, a pre-release only where there is nothing else. As the server chooses. */
export function newestBuilt({ versions }: Pick<PluginResource, "versions">): string | undefined {
  const built = versions.filter(({ state }) => state === "built");
  return (built.find(({ version }) => !version.includes("-")) ?? built[0])?.version;
}
