import type {
  Component,
  ConfigGroup,
  MountSharing,
  PluginManifest,
  Privilege,
  Problem,
  Resources,
  StoredValues,
  VersionState,
} from "@outrigger/plugin";
import type { ChangeKind, Pod, PodChange } from "@outrigger/pod";
import type { ContainerStatus, PodState } from "@outrigger/runtime";

/** What the API gives and takes. Times are RFC 3339; every resource that can be written has an `etag`, also sent as the ETag header. */
export type Role = "viewer" | "developer" | "admin";

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `?after=` to get the next page; absent on the last. */
  readonly next?: string;
}

export interface TeamResource {
  readonly name: string;
  /** Privileges that installations in this team may use, e.g. `capability:NET_ADMIN`. */
  readonly allow: readonly string[];
  readonly createdAt: string;
  readonly etag: string;
}

export interface TokenResource {
  readonly id: string;
  readonly description: string;
  /** True: everything, in every team. */
  readonly admin: boolean;
  readonly roles: Readonly<Record<string, Role>>;
  readonly createdAt: string;
}

/** The only answer that ever holds a token's text. */
export interface NewTokenResource extends TokenResource {
  readonly token: string;
}

export interface PluginResource {
  readonly team: string;
  readonly name: string;
  readonly layer: string;
  readonly displayName: string;
  readonly description: string;
  /** Versions, newest first. */
  readonly versions: readonly { readonly version: string; readonly state: VersionState }[];
  readonly createdAt: string;
}

export interface VersionResource {
  readonly plugin: string;
  readonly version: string;
  readonly state: VersionState;
  /** True once built: it can never change. */
  readonly fixed: boolean;
  readonly manifest: PluginManifest;
  readonly config: readonly ConfigGroup[];
  readonly privileges: readonly Privilege[];
  /** The built image's content address. */
  readonly image?: string;
  /** The registry's digest of a pulled image. */
  readonly imageDigest?: string;
  /** SHA-256 over manifest and image: the version's own content address. */
  readonly digest?: string;
  /** SHA-256 of the uploaded context that the version was built from. */
  readonly contextDigest?: string;
  readonly lastBuild?: string;
  readonly createdAt: string;
  readonly etag: string;
}

export type BuildState = "queued" | "building" | "built" | "failed" | "timed-out" | "cancelled";

export interface BuildResource {
  readonly id: string;
  readonly team: string;
  /** `plugin:NAME@VERSION` or `component:APPLICATION/COMPONENT`. */
  readonly subject: string;
  readonly state: BuildState;
  readonly reason?: string;
  readonly image?: string;
  readonly contextDigest?: string;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

export interface ApplicationResource {
  readonly team: string;
  readonly name: string;
  readonly components: readonly { readonly name: string; readonly state: PodState; readonly reason?: string }[];
  readonly createdAt: string;
  readonly etag: string;
}

export interface ComponentResource {
  readonly team: string;
  readonly application: string;
  readonly name: string;
  readonly spec: Component;
  /** The image built from `spec.build`. */
  readonly image?: string;
  readonly contextDigest?: string;
  readonly status: ComponentStatus;
  readonly installations: readonly InstallationResource[];
  readonly etag: string;
}

export interface ComponentStatus {
  /** The worst of its pods'. */
  readonly state: PodState;
  readonly reason?: string;
  readonly upToDate: boolean;
  /** By replica. */
  readonly pods: readonly PodView[];
}

export interface PodView {
  readonly name: string;
  readonly replica: number;
  readonly state: PodState;
  readonly reason?: string;
  readonly ip?: string;
  readonly upToDate: boolean;
  readonly containers: readonly ContainerStatus[];
}

export interface InstallationResource {
  readonly plugin: string;
  readonly version: string;
  /** The version that ran before this one, if any. */
  readonly previousVersion?: string;
  readonly component: string;
  readonly application: string;
  readonly enabled: boolean;
  /** Secrets read `{ "secret": "set" }`. */
  readonly values: StoredValues;
  readonly resources?: Resources;
  readonly mounts?: MountSharing;
  /** `file`: came with app.yaml and goes with it; `api`: installed by hand. */
  readonly origin: "file" | "api";
  readonly state: "installed" | "starting" | "healthy" | "failing" | "disabled";
  readonly reason?: string;
  readonly failures: number;
  /** Of the values; rises with each change of them. */
  readonly revision: number;
  /** Which of the component's pods has which live settings; empty for a plug-in without discovery. */
  readonly settings: readonly SettingsView[];
  readonly etag: string;
}

/** The live settings that one pod's plug-in has. */
export interface SettingsView {
  readonly pod: string;
  /** `discovery`: fetched by the plug-in; `file`: kept in its container; `xds`: sent to it. */
  readonly by: "discovery" | "file" | "xds";
  readonly revision: number;
  /** When it got them. */
  readonly at: string;
  /** Why newer ones were not taken. */
  readonly problem?: string;
}

/** An installation's values as they were from one change to the next. */
export interface RevisionResource {
  readonly number: number;
  /** The plug-in's version at that time. */
  readonly version: string;
  /** Secrets read `{ "secret": "set" }`. */
  readonly values: StoredValues;
  /** Id of the token that made the change. */
  readonly author: string;
  readonly createdAt: string;
  /** The revision whose values these are again. */
  readonly rolledBackTo?: number;
}

/** PUT application: app.yaml as JSON. Component images that are to be built have been built before. */
export interface ApplicationRequest {
  readonly components: readonly Component[];
}

export interface InstallRequest {
  readonly plugin: string;
  readonly version?: string;
  readonly values?: StoredValues;
  readonly enabled?: boolean;
  readonly resources?: Resources;
  readonly mounts?: MountSharing;
}

/** PATCH installation: what is absent stays as it is; `null` resets to the default. */
export interface InstallationPatch {
  readonly version?: string;
  readonly enabled?: boolean;
  /** Merged item by item; `null` removes a value. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Sets the values of this revision; not together with `values`. */
  readonly rollback?: number;
  readonly resources?: Resources | null;
  readonly mounts?: MountSharing | null;
}

/** What a write would do (`?dryRun=true`). */
export interface PlanResource {
  readonly kind: ChangeKind;
  readonly components: readonly ComponentPlan[];
}

export interface ComponentPlan {
  readonly component: string;
  readonly action: "create" | "change" | "remove" | "none";
  readonly kind: ChangeKind;
  readonly changes: readonly PodChange[];
  /** The pod that would run; absent when it is removed. */
  readonly pod?: Pod;
}

export interface CredentialResource {
  readonly name: string;
  readonly kind: "registry" | "git";
  /** Host name. */
  readonly host: string;
  readonly username: string;
  readonly updatedAt: string;
}

export interface EventResource {
  /** Rising; the SSE id. */
  readonly id: number;
  readonly time: string;
  readonly team: string;
  /** e.g. `component:shop/web`, `build:b-123`. */
  readonly subject: string;
  readonly kind: "normal" | "warning";
  readonly reason: string;
  readonly message: string;
}

/** RFC 9457. `type` is `https://outrigger.dev/problems/CODE`. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** How to mend it. */
  readonly hint: string;
  readonly problems?: readonly Problem[];
}

/** GET /api/v1: who answers. */
export interface ServerResource {
  readonly version: string;
  readonly engine: { readonly ok: boolean; readonly detail: string };
  readonly node: string;
}
