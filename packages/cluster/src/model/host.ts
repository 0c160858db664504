/** Where a secret comes from. Its text is never part of a cluster's state, a plan, a journal or a log. */
export type SecretSource =
  | { readonly from: "prompt" }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "variable"; readonly name: string }
  /** Given in clear in a Clusterfile: used while this process runs, and forgotten. Later operations ask. */
  | { readonly from: "text"; readonly text: string };

/** How one host is reached by SSH. */
export interface SshAccess {
  readonly user: string;
  readonly port: number;
  readonly password?: SecretSource;
  /** A private key's file; absent: the agent's keys, then the usual files in ~/.ssh. */
  readonly key?: { readonly path: string; readonly passphrase?: SecretSource };
}

export const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;
export type TaintEffect = (typeof taintEffects)[number];

/** `key=value:Effect`, as Kubernetes spells it. */
export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: TaintEffect;
}

/** One machine of a cluster. */
export interface Host {
  /** IPv4 or IPv6 in its canonical text: what a host is known by, everywhere. */
  readonly ip: string;
  /** `master`, `node`, and roles of the user's own; at least one. */
  readonly roles: readonly string[];
  readonly ssh: SshAccess;
  /** The cluster's variables with the host's own over them. Repeated keys of a Clusterfile are joined by a space. */
  readonly env: Readonly<Record<string, string>>;
  /** Kubernetes labels that the Clusterfile gives it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

export function isMaster(host: Host): boolean {
  return host.roles.includes("master");
}

/** The master that stands first: where a cluster is created and cluster-wide scripts run. Every cluster has one. */
export function firstMaster<T extends Host>(hosts: readonly T[]): T | undefined {
  return hosts.find(isMaster);
}
