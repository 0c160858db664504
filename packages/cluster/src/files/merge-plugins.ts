import type { Reading } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { ClusterImageFacts } from "../image/cluster-image.ts";
import type { Cluster } from "../model/cluster.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { PluginDocument } from "../model/plugin-document.ts";

/**
 * Plug-ins by name: an image's document, over it one of a folder, over it the Clusterfile's, field by field (`values` setting by setting). In this order:
 * the image's, the folders', the Clusterfile's own.
 */
export function mergePlugins(
  image: readonly PluginDocument[],
  clusterfile: readonly PluginDocument[],
  folders: readonly PluginDocument[] = [],
): Reading<readonly ClusterPlugin[]> {
  throw clusterErrors["not-built"]({ what: `mergePlugins ${image.length} ${clusterfile.length} ${folders.length}` });
}

/** A Clusterfile with its image: plug-ins merged, the image's variables under the hosts'. */
export function mergeCluster(
  clusterfile: Clusterfile,
  image: Pick<ClusterImageFacts, "plugins" | "env">,
  folders: readonly PluginDocument[] = [],
): Reading<Cluster> {
  throw clusterErrors["not-built"]({ what: `mergeCluster ${clusterfile.name} ${image.plugins.length} ${folders.length}` });
}
