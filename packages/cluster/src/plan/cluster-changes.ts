import { isDeepStrictEqual } from "node:util";
import type { ClusterImageKind } from "../image/cluster-image.ts";
import type { Cluster } from "../model/cluster.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import { byAddress, hostChanges } from "./host-changes.ts";

/** What the cluster is. */
export interface CurrentCluster {
  readonly cluster: Cluster;
  readonly imageDigest: string;
  /** Digests of the application images that are installed in it. */
  readonly applications: readonly string[];
}

/** What the cluster shall be. */
export interface WantedCluster {
  readonly cluster: Cluster;
  readonly imageDigest: string;
  readonly imageKind: ClusterImageKind;
}

/** What differs between what a cluster is and what it shall be. */
export interface ClusterChanges {
  readonly image?: { readonly from: string; readonly to: string };
  /** By ip. */
  readonly joining: readonly string[];
  readonly leaving: readonly string[];
  /** Hosts whose roles, labels, taints, variables or access differ. */
  readonly hostsChanged: readonly string[];
  /** By name. */
  readonly plugins: { readonly added: readonly string[]; readonly removed: readonly string[]; readonly changed: readonly string[] };
  /** Do the settings, documents or commands differ? */
  readonly settings: boolean;
}

/** Compares without judging: `decide` says what is done about it. */
export function clusterChanges(current: CurrentCluster, wanted: WantedCluster): ClusterChanges {
  const [before, after] = [current.cluster, wanted.cluster];
  const { joining, leaving } = hostChanges(before.hosts, after.hosts);
  const former = byAddress(before.hosts);
  return {
    ...(current.imageDigest === wanted.imageDigest ? {} : { image: { from: before.image, to: after.image } }),
    joining: joining.map(({ ip }) => ip),
    leaving: leaving.map(({ ip }) => ip),
    hostsChanged: after.hosts.filter((host) => differs(former.get(host.ip), host)).map(({ ip }) => ip),
    plugins: pluginChanges(before.plugins, after.plugins),
    settings: !isDeepStrictEqual(settingsOf(before), settingsOf(after)),
  };
}

/** Secrets are not compared: what is known of a cluster has none. */
function differs(before: Host | undefined, after: Host): boolean {
  const compared = ({ ssh: { user, port }, ...host }: Host): unknown => ({ ...host, ssh: { user, port } });
  return before !== undefined && !isDeepStrictEqual(compared(before), compared(after));
}

function pluginChanges(before: readonly ClusterPlugin[], after: readonly ClusterPlugin[]): ClusterChanges["plugins"] {
  const [old, now] = [before, after].map((list) => new Map(list.map((plugin) => [plugin.name, plugin])));
  // Where a package is unpacked says nothing; which one it is does.
  const compared = ({ origin: _, overrides: __, base, entry, ...plugin }: ClusterPlugin): unknown => ({
    ...plugin,
    code: base?.from === "package" ? base.digest : entry?.path,
  });
  const names = (list: readonly ClusterPlugin[]): readonly string[] => list.map(({ name }) => name);
  return {
    added: names(after.filter(({ name }) => !old?.has(name))),
    removed: names(before.filter(({ name }) => !now?.has(name))),
    changed: names(
      after.filter((plugin) => {
        const former = old?.get(plugin.name);
        return former !== undefined && !isDeepStrictEqual(compared(former), compared(plugin));
      }),
    ),
  };
}

function settingsOf({ settings, configs, kubeadm, commands, commandArguments }: Cluster): unknown {
  return { settings, configs: configs.map(({ origin: _, ...config }) => config), kubeadm, commands, commandArguments };
}

/** One line for each kind of change. */
export function formatChanges(changes: ClusterChanges): readonly string[] {
  const { image, joining, leaving, hostsChanged, plugins, settings } = changes;
  const list = (what: string, names: readonly string[]): readonly string[] => (names.length === 0 ? [] : [`${what}: ${names.join(", ")}`]);
  return [
    ...(image === undefined ? [] : [image.from === image.to ? `image: ${image.to}, other content` : `image: ${image.from} -> ${image.to}`]),
    ...list("hosts that join", joining),
    ...list("hosts that leave", leaving),
    ...list("plug-ins added", plugins.added),
    ...list("plug-ins removed", plugins.removed),
    ...list("plug-ins changed", plugins.changed),
    ...list("hosts with other roles, labels, taints, variables or access", hostsChanged),
    ...(settings ? ["settings, documents or commands"] : []),
  ];
}
