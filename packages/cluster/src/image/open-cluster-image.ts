import type { Layout, RegistryOptions, TrustPolicy } from "@outrigger/registry";
import { clusterErrors } from "../errors.ts";
import type { ClusterImage } from "./cluster-image.ts";

/** When a registry is asked: for what the store does not have (default), always, or never. */
export type PullPolicy = "missing" | "always" | "never";

export interface OpenClusterImageOptions {
  /** Default: the local store. What is pulled is kept there. */
  readonly store?: Layout;
  readonly registry?: RegistryOptions;
  readonly pull?: PullPolicy;
  /** Default: this machine's trust.yaml. */
  readonly trust?: TrustPolicy;
  /** Told what is done, a line at a time. */
  readonly say?: (line: string) => void;
}

/**
 * Opens a cluster image: `NAME:TAG` or `NAME@DIGEST` of the local store or a registry, `oci:FOLDER[:NAME]`, `oci-archive:FILE[:NAME]`, or the path of an image
 * layout, in a folder or a tar. A Sealer image, or one that says nothing of clusters, is read by its files.
 *
 * @throws cluster-image-wrong, package-untrusted, signature-missing, manifest-unknown and the source's own
 */
export async function openClusterImage(reference: string, options: OpenClusterImageOptions = {}): Promise<ClusterImage> {
  throw clusterErrors["not-built"]({ what: `openClusterImage ${reference} ${Object.keys(options).length}` });
}
