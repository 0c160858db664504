import type { Cluster, ClusterImage, PluginTypes } from "@outrigger/cluster";
import type { RegistryFlags } from "../packages/registry-options.ts";

/** What a Clusterfile or the options of `cluster run` want, ready for a plan. */
export interface OpenedCluster {
  readonly cluster: Cluster;
  readonly image: ClusterImage;
  readonly types: PluginTypes;
  /** Ends processes of plug-ins and closes the image. */
  readonly close: () => Promise<void>;
}

/** How a command finds the image and the plug-ins' folders. */
export interface ClusterImageFlags extends RegistryFlags {
  /** An image instead of the Clusterfile's. */
  readonly image?: string;
}

/**
 * Reads a Clusterfile, opens its image, merges the two and finds the types of all plug-ins. Warnings are said on the error stream.
 *
 * @throws manifest-invalid and what opening the image throws
 */
export declare function openClusterfile(file: string, flags: ClusterImageFlags): Promise<OpenedCluster>;
