import type { Reading } from "@outrigger/plugin";
import type { ClusterImageFacts } from "../image/cluster-image.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { mergePlugins } from "./merge-plugins.ts";

/** A Clusterfile with its image: plug-ins merged, the image's variables under the hosts' own. Targets are not checked: {@link targetProblems} does. */
export function mergeCluster(
  clusterfile: Clusterfile,
  image: Pick<ClusterImageFacts, "plugins" | "env">,
  folders: readonly PluginDocument[] = [],
): Reading<Cluster> {
  const plugins = mergePlugins(image.plugins, clusterfile.plugins, folders);
  if (!plugins.ok) return plugins;
  const { file: _, warnings: __, ...rest } = clusterfile;
  const hosts = clusterfile.hosts.map((host) => ({ ...host, env: { ...image.env, ...host.env } }));
  return { ok: true, value: { ...rest, hosts, plugins: plugins.value } };
}
