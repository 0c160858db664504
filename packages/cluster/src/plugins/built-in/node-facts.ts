import type { ClusterLogger, KubernetesClient } from "@outrigger/sdk";
import type { Host } from "../../model/host.ts";

/** Puts the hosts' labels and taints, and a label for each of their roles, on their nodes: what differs, and nothing else is touched. */
export declare function applyNodeFacts(
  kubernetes: KubernetesClient,
  hosts: readonly Host[],
  options?: { readonly log?: ClusterLogger; readonly signal?: AbortSignal },
): Promise<void>;
