import type { Problem } from "@outrigger/plugin";
import type { Cluster } from "./cluster.ts";
import type { PluginDocument } from "./plugin-document.ts";

/** A Clusterfile as it was read: defaults filled in, its plug-ins not yet merged with the image's. */
export interface Clusterfile extends Omit<Cluster, "plugins"> {
  /** As the user named it; `""` where options of the command line stand for a file. */
  readonly file: string;
  readonly plugins: readonly PluginDocument[];
  /** What is read, but should be known: passwords in clear, what Sealer did otherwise. */
  readonly warnings: readonly Problem[];
}
