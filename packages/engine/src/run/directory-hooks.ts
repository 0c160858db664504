import { join } from "node:path";
import { engineErrors } from "../errors.ts";
import type { DirectoryHook } from "../oci/hooks-directory.ts";
import { readInstalled } from "../plugins/installed.ts";
import { createPluginSource } from "../plugins/plugin-source.ts";
import { aboutDaemon } from "./about-daemon.ts";

/** What any container is to a directory that is fixed. */
const anyContainer = { id: "", name: "", image: "", labels: {}, env: [] };

/**
 * The OCI hooks of a folder's plug-ins, each asked once.
 *
 * @throws hooks-directory-impossible for a plug-in whose plugin.yaml wants some containers only; settings-invalid, plugin-start-failed
 */
export async function collectDirectoryHooks(folder: string, state: string): Promise<readonly DirectoryHook[]> {
  for (const { name, manifest, setting } of (await readInstalled(folder)).plugins) {
    const filter = manifest?.spec.engine.hooks.find(({ hook }) => hook === "container.preStart")?.filter;
    const isPartial = filter?.images !== undefined || filter?.labels !== undefined;
    if (setting?.enabled === true && isPartial) {
      throw engineErrors["hooks-directory-impossible"]({ plugin: name, reason: "it wants containers of some images or labels only" });
    }
  }
  const source = await createPluginSource({ folder, state: join(state, "hooks-directory"), watch: false });
  const { dispatcher, release } = source.lease();
  try {
    const collected = await dispatcher.collect("container.preStart", { container: anyContainer }, aboutDaemon());
    return collected.flatMap(({ plugin, result }) => (result.hooks ?? []).map((hook) => ({ plugin, hook })));
  } finally {
    release();
    await source.close();
  }
}
