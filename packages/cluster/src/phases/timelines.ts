import type { PhaseName } from "@outrigger/plugin";

/**
 * What can be done with a cluster. `update` brings what the Clusterfile says otherwise than before of a cluster that keeps its image and its hosts, `join` adds
 * hosts, `scale-down` takes some away, `apps` installs an application image into a cluster that is there.
 */
export type Operation = "create" | "update" | "join" | "scale-down" | "upgrade" | "rollback" | "delete" | "apps";

/** What the runner itself does between phases. Those named after a script run `scripts/NAME.sh` of the image, where it has one. */
export type StepName =
  /** SSH to every host of the operation and to master0; host keys, facts, clocks, room on the disk. */
  | "connect"
  /** The rootfs, with Config documents and templates applied, to the hosts. */
  | "distribute"
  /** `init.sh` on every new host: container runtime, kernel settings. */
  | "init"
  /** `create.sh` on master0: the cluster comes up. */
  | "create"
  /** `join.sh` on every further host: masters one after the other, then the others. */
  | "join"
  /** `ready.sh` on master0 until it ends with 0. */
  | "ready"
  /** Labels and taints of the Clusterfile's hosts, and role labels. */
  | "label"
  /** The image's commands on master0. */
  | "launch"
  /** `leave.sh` on master0 for every host that leaves. */
  | "leave"
  /** `clean.sh` on the hosts. */
  | "clean"
  /** The rootfs and our own files away from the hosts. */
  | "remove"
  /** `upgrade.sh` on every host, one after the other: master0, masters, others. */
  | "upgrade"
  /** `rollback.sh` on every host in the order of an upgrade. */
  | "rollback"
  /** What the cluster now is, written down here and on its masters; after a deletion, forgotten. */
  | "commit";

export type Moment = { readonly phase: PhaseName } | { readonly step: StepName };

const phase = (name: PhaseName): Moment => ({ phase: name });
const step = (name: StepName): Moment => ({ step: name });

/** The one table of what comes when: the runner, `outrigger cluster plan` and docs/cluster-phases.md read it. */
export const timelines: Readonly<Record<Operation, readonly Moment[]>> = {
  create: [
    step("connect"),
    phase("Originally"),
    step("distribute"),
    phase("pre-install"),
    phase("pre-init-host"),
    step("init"),
    phase("PreInit"),
    step("create"),
    phase("PreInstall"),
    step("join"),
    step("ready"),
    phase("post-init-host"),
    phase("post-install"),
    step("label"),
    phase("PreGuest"),
    step("launch"),
    phase("PostGuest"),
    phase("PostInstall"),
    step("commit"),
  ],
  update: [step("connect"), step("distribute"), step("label"), step("commit")],
  join: [
    step("connect"),
    phase("Originally"),
    step("distribute"),
    phase("pre-scaleup"),
    phase("pre-init-host"),
    step("init"),
    phase("PreJoin"),
    step("join"),
    step("ready"),
    phase("post-init-host"),
    phase("post-scaleup"),
    step("label"),
    phase("PreGuest"),
    phase("PostJoin"),
    step("commit"),
  ],
  "scale-down": [
    step("connect"),
    phase("PreClean"),
    phase("pre-clean-host"),
    step("leave"),
    step("clean"),
    phase("post-clean-host"),
    phase("PostClean"),
    step("remove"),
    step("commit"),
  ],
  upgrade: [
    step("connect"),
    phase("PreUpgrade"),
    step("distribute"),
    phase("upgrade-host"),
    step("upgrade"),
    step("ready"),
    phase("upgrade"),
    phase("PostUpgrade"),
    step("commit"),
  ],
  rollback: [
    step("connect"),
    phase("PreRollback"),
    step("distribute"),
    phase("rollback"),
    step("rollback"),
    step("ready"),
    phase("PostRollback"),
    step("commit"),
  ],
  delete: [
    step("connect"),
    phase("pre-uninstall"),
    phase("PreClean"),
    phase("pre-clean-host"),
    step("clean"),
    phase("post-clean-host"),
    phase("PostClean"),
    phase("post-uninstall"),
    step("remove"),
    step("commit"),
  ],
  apps: [step("connect"), step("distribute"), phase("PreGuest"), step("launch"), phase("PostGuest"), phase("PostInstall"), step("commit")],
};
