import type { ConfigGroup } from "@outrigger/plugin";
import type { ClusterPlugin } from "./cluster-plugin.ts";
import type { Origin } from "./origin.ts";

/**
 * A document of kind `Plugin` as it stands in a file, its mistakes found, its defaults not filled in: in a Clusterfile it may give only the fields that
 * differ from the image's plug-in of the same name.
 */
export interface PluginDocument {
  readonly name: string;
  readonly given: Partial<Omit<ClusterPlugin, "name" | "origin" | "overrides" | "base">>;
  /** The settings that a plugin.yaml declares, which `values` are checked against; absent for other documents. */
  readonly settings?: readonly ConfigGroup[];
  readonly origin: Origin;
}
