import type { ConfigValues } from "./application.ts";
import type { Layer } from "./plugin-manifest.ts";

/** How an installation fares, the same words at every layer. */
export type InstallationState = "installed" | "starting" | "healthy" | "failing" | "disabled";

/** One plug-in version on one target, as its host sees it. */
export interface InstallationStatus {
  readonly plugin: string;
  readonly version: string;
  /** What it is installed on: a component (`team/application/component`), an engine, a host, a cluster. */
  readonly target: string;
  readonly state: InstallationState;
  /** Why, when failing. */
  readonly reason?: string;
  /** How often it has failed in a row. */
  readonly failures: number;
}

export interface InstallRequest {
  readonly plugin: string;
  readonly version: string;
  readonly target: string;
  readonly values: ConfigValues;
  /** What the person or policy grants of what the manifest asks for. */
  readonly grants: readonly string[];
}

/** What a verb would do, said before it is done. */
export interface HostPlan {
  readonly changes: readonly { readonly kind: "none" | "hot" | "restart" | "recreate"; readonly reason: string }[];
}

/**
 * What every host of plug-ins can do (the pod reconciler, the engine gateway, the driver host, the cluster runner), so that the server drives all of them alike.
 * Each verb takes `dryRun`: true returns the plan and changes nothing.
 */
export interface PluginHost {
  readonly layer: Layer;
  readonly list: () => Promise<readonly InstallationStatus[]>;
  readonly inspect: (target: string, plugin: string) => Promise<InstallationStatus>;
  readonly install: (request: InstallRequest, dryRun: boolean) => Promise<HostPlan>;
  readonly enable: (target: string, plugin: string, dryRun: boolean) => Promise<HostPlan>;
  readonly disable: (target: string, plugin: string, dryRun: boolean) => Promise<HostPlan>;
  readonly configure: (target: string, plugin: string, values: ConfigValues, dryRun: boolean) => Promise<HostPlan>;
  readonly upgrade: (target: string, plugin: string, version: string, dryRun: boolean) => Promise<HostPlan>;
  readonly rollback: (target: string, plugin: string, dryRun: boolean) => Promise<HostPlan>;
  readonly uninstall: (target: string, plugin: string, dryRun: boolean) => Promise<HostPlan>;
  readonly logs: (target: string, plugin: string, signal: AbortSignal) => AsyncIterable<string>;
}
