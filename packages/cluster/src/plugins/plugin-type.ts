import type { PhaseName, PlainProblem } from "@outrigger/plugin";
import type { ClusterContext } from "@outrigger/sdk";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import type { HostScript } from "../plan/plan.ts";

/** What a script is made for. */
export interface ScriptPlace {
  readonly phase: PhaseName;
  readonly host: Host;
  /** All hosts of the cluster. */
  readonly hosts: readonly Host[];
  /** Where the rootfs is on the host at this phase; absent before it is there. */
  readonly rootfs?: string;
}

interface TypeCommon {
  readonly type: string;
  /** Phases in which it makes sense; absent: all. Another one is an error that names these. */
  readonly phases?: readonly PhaseName[];
  /** Runs once, on or through the first master, whichever hosts the operation touches; `on` has no meaning for it. Absent: where its targets say. */
  readonly place?: "master0";
  /** Everything wrong with the plug-in's data, found before any connection. Paths begin at `spec`. */
  readonly check: (plugin: ClusterPlugin, hosts: readonly Host[]) => readonly PlainProblem[];
}

/** A type whose work is a script for each host: SHELL, HOSTNAME, ETCD. Pure, so that a plan shows what will run. Absent scripts: nothing to do on that host. */
export interface ScriptedType extends TypeCommon {
  readonly kind: "scripted";
  readonly script: (plugin: ClusterPlugin, place: ScriptPlace) => HostScript | undefined;
  readonly undo?: (plugin: ClusterPlugin, place: ScriptPlace) => HostScript | undefined;
}

/** A type whose work is done on this machine, once for all its hosts: LABEL, TAINT, CLUSTERCHECK, and all that are not built in. */
export interface CalledType extends TypeCommon {
  readonly kind: "called";
  /** What it may ask the context for without declaring it. */
  readonly privileges: ClusterPlugin["privileges"];
  /** `sha256:...` of its code's content, or `image` for what the image's digest covers; absent where it is a part of ours. */
  readonly codeDigest?: string;
  /** @param plugin whose turn it is; `context` has its data, hosts and log */
  readonly run: (plugin: ClusterPlugin, context: ClusterContext, phase: PhaseName) => Promise<void>;
  readonly undo?: (plugin: ClusterPlugin, context: ClusterContext, phase: PhaseName) => Promise<void>;
}

export type PluginType = ScriptedType | CalledType;

/** All types that a cluster's plug-ins have: the built-in ones and those brought along. */
export interface PluginTypes {
  /** @throws plugin-type-unknown with the nearest names */
  readonly get: (type: string) => PluginType;
  /** Ends the processes of plug-ins that run in their own. */
  readonly close: () => Promise<void>;
}
