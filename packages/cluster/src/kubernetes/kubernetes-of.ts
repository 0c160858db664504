import type { KubernetesClient } from "@outrigger/sdk";
import type { HostConnection } from "../ssh/host-connection.ts";

export interface KubernetesOptions {
  /** The admin kubeconfig on the host: what create.sh said. Absent: the first of {@link usualKubeconfigs} that is there. */
  readonly kubeconfig?: string;
  /** Milliseconds for each attempt of a request; default 30,000. */
  readonly timeout?: number;
  /** Connections at once, each a channel of the host's SSH connection; default 8. */
  readonly connections?: number;
  /** True: a kubeconfig with `insecure-skip-tls-verify` is taken. */
  readonly insecure?: boolean;
  /** Ends requests that are under way, and their retries. */
  readonly signal?: AbortSignal;
}

/** A client that keeps connections open until it is closed. */
export interface ClusterKubernetes extends KubernetesClient {
  readonly close: () => Promise<void>;
}

export const usualKubeconfigs: readonly string[] = ["/etc/kubernetes/admin.conf", "/etc/rancher/k3s/k3s.yaml"];

/** The cluster's API through SSH. Nothing is done before the first request. */
export declare function kubernetesOf(master0: HostConnection, options?: KubernetesOptions): ClusterKubernetes;
