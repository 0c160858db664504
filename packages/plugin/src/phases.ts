/** Where a phase's plug-ins run unless they say otherwise: on every host that the operation touches, or once, on the first master. */
export type PhaseScope = "hosts" | "master0";

export interface PhaseDefinition {
  readonly scope: PhaseScope;
  readonly meaning: string;
}

export type PhaseName =
  | "Originally"
  | "pre-install"
  | "pre-scaleup"
  | "pre-init-host"
  | "PreInit"
  | "PreJoin"
  | "PreInstall"
  | "post-init-host"
  | "post-install"
  | "post-scaleup"
  | "PreGuest"
  | "PostGuest"
  | "PostJoin"
  | "PostInstall"
  | "PreUpgrade"
  | "upgrade-host"
  | "upgrade"
  | "PostUpgrade"
  | "PreRollback"
  | "rollback"
  | "PostRollback"
  | "pre-uninstall"
  | "PreClean"
  | "pre-clean-host"
  | "post-clean-host"
  | "PostClean"
  | "post-uninstall";

/**
 * Every phase of a cluster's life. When it comes in which operation: `timelines` in packages/cluster. Names with capital letters are those of Sealer 0.3 to 0.8
 * and our own, those with hyphens of Sealer 0.9 to 0.11: the same moment can have one of each, but no name means two moments.
 */
export const phases: Readonly<Record<PhaseName, PhaseDefinition>> = {
  Originally: { scope: "hosts", meaning: "Before anything of the image is on the hosts." },
  "pre-install": { scope: "master0", meaning: "The files are on the hosts; nothing of the cluster is installed." },
  "pre-scaleup": { scope: "master0", meaning: "The files are on the hosts that join; nothing else is done there." },
  "pre-init-host": { scope: "hosts", meaning: "Before a new host's container runtime and settings are put up (init.sh)." },
  PreInit: { scope: "hosts", meaning: "The hosts are prepared (init.sh); the cluster is not created." },
  PreJoin: { scope: "hosts", meaning: "The joining hosts are prepared (init.sh); they have not joined." },
  PreInstall: { scope: "hosts", meaning: "The first master is up; the other hosts have not joined." },
  "post-init-host": { scope: "hosts", meaning: "A new host is part of the cluster." },
  "post-install": { scope: "master0", meaning: "All hosts are in the cluster and it is ready; applications are not installed." },
  "post-scaleup": { scope: "master0", meaning: "The joining hosts are in the cluster." },
  PreGuest: { scope: "hosts", meaning: "Before the image's own commands (its applications)." },
  PostGuest: { scope: "hosts", meaning: "After the image's own commands." },
  PostJoin: { scope: "hosts", meaning: "The hosts have joined, labels and taints included." },
  PostInstall: { scope: "hosts", meaning: "The last thing of an installation, after its applications." },
  PreUpgrade: { scope: "hosts", meaning: "Before the new version's files come to the hosts." },
  "upgrade-host": { scope: "hosts", meaning: "The new version's files are on the hosts; nothing is upgraded." },
  upgrade: { scope: "master0", meaning: "All hosts are upgraded (upgrade.sh)." },
  PostUpgrade: { scope: "hosts", meaning: "The last thing of an upgrade." },
  PreRollback: { scope: "hosts", meaning: "Before the former version's files come back to the hosts." },
  rollback: { scope: "master0", meaning: "The former version's files are on the hosts; nothing is rolled back." },
  PostRollback: { scope: "hosts", meaning: "The last thing of a rollback." },
  "pre-uninstall": { scope: "master0", meaning: "The first thing of a deletion." },
  PreClean: { scope: "hosts", meaning: "Before a host leaves the cluster." },
  "pre-clean-host": { scope: "hosts", meaning: "Before a host is cleaned, right after PreClean." },
  "post-clean-host": { scope: "hosts", meaning: "A host is cleaned (clean.sh); its files are still there." },
  PostClean: { scope: "hosts", meaning: "A host is cleaned, right after post-clean-host." },
  "post-uninstall": { scope: "master0", meaning: "The last thing of a deletion." },
};

export const phaseNames: readonly PhaseName[] = Object.keys(phases) as readonly PhaseName[];

/**
 * What a cluster plug-in may ask for. The manifest asks, a person grants, the runner enforces.
 *
 * `exec`: run commands on the hosts of its operation. `exec:all`: on every host of the cluster. `kubernetes:read`: get and list, but no secrets.
 * `kubernetes:write`: every request. `local`: files, network and programs of the machine that runs the plug-in; what comes from an image needs a person's
 * consent for it.
 */
export const clusterPrivileges = ["exec", "exec:all", "kubernetes:read", "kubernetes:write", "local"] as const;
export type ClusterPrivilege = (typeof clusterPrivileges)[number];
