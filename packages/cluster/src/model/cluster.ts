import type { ClusterPlugin } from "./cluster-plugin.ts";
import type { ConfigDocument } from "./config-document.ts";
import type { Host } from "./host.ts";

/** What a Clusterfile, or the options of `cluster run`, wants: read, with every default filled in, its documents merged with the image's. */
export interface Cluster {
  /** A DNS label. */
  readonly name: string;
  /** A reference to a cluster image, as given. */
  readonly image: string;
  /** At least one master; the first master is master0. */
  readonly hosts: readonly Host[];
  /** Hosts that have left it: data and targets that still name them are no mistakes, and mean nothing. */
  readonly formerHosts?: readonly Host[];
  /** Commands that run on master0 instead of the image's own; absent: the image's. */
  readonly commands?: readonly string[];
  /** Arguments for the image's commands: `{{ .NAME }}`-free `key=value` words, given to them as variables. */
  readonly commandArguments: readonly string[];
  /** Fields of a Cluster document that its image's scripts may want, given to them as JSON in OUTRIGGER_CLUSTER: network, registry, containerRuntime, certSANS, hostAliases and the like. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly configs: readonly ConfigDocument[];
  /** kubeadm's and kubelet's documents, passed to the image's scripts as they are: `etc/kubeadm.yaml` in the rootfs. */
  readonly kubeadm: readonly { readonly kind: string; readonly text: string }[];
  readonly plugins: readonly ClusterPlugin[];
}
