import type { VersionState } from "@outrigger/plugin";
import type { Generated } from "kysely";
import type { BuildState, Role } from "../api/resources.ts";

/** Rows as they are stored: times as RFC 3339 text, truth as 0 or 1, documents as JSON text. */
export interface Tables {
  readonly meta: { readonly name: string; readonly value: string };
  readonly teams: TeamRow;
  readonly tokens: TokenRow;
  readonly token_roles: { readonly token: string; readonly team: string; readonly role: Role };
  readonly plugins: PluginRow;
  readonly versions: VersionRow;
  readonly builds: BuildTable;
  readonly build_lines: { readonly build: string; readonly line: number; readonly text: string };
  readonly component_images: ComponentImageRow;
  readonly applications: ApplicationRow;
  readonly components: ComponentRow;
  readonly published_ports: PublishedPortRow;
  readonly installations: InstallationRow;
  readonly revisions: RevisionRow;
  readonly credentials: CredentialRow;
  readonly events: EventTable;
}

export interface TeamRow {
  readonly name: string;
  readonly allow: string;
  readonly created_at: string;
  readonly etag: string;
}

export interface TokenRow {
  readonly id: string;
  readonly hash: string;
  readonly description: string;
  readonly admin: number;
  readonly created_at: string;
}

export interface PluginRow {
  readonly team: string;
  readonly name: string;
  readonly layer: string;
  readonly display_name: string;
  readonly description: string;
  readonly created_at: string;
}

export interface VersionRow {
  readonly team: string;
  readonly plugin: string;
  readonly version: string;
  /** Text that sorts as semver does. */
  readonly rank: string;
  readonly state: VersionState;
  readonly manifest: string;
  readonly image: string | null;
  readonly image_digest: string | null;
  readonly digest: string | null;
  readonly context_digest: string | null;
  readonly last_build: string | null;
  readonly created_at: string;
  readonly etag: string;
}

/** `plugin`, `version` are set for a plug-in's build; `application`, `component` for a component's. */
export interface BuildTable {
  readonly number: Generated<number>;
  readonly id: string;
  readonly team: string;
  readonly plugin: string | null;
  readonly version: string | null;
  readonly application: string | null;
  readonly component: string | null;
  readonly state: BuildState;
  readonly reason: string | null;
  readonly image: string | null;
  readonly context_digest: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

export interface ComponentImageRow {
  readonly team: string;
  readonly application: string;
  readonly component: string;
  readonly image: string;
  readonly context_digest: string | null;
  /** Number of the build that made it: a slow early build must not replace a later one's. */
  readonly build_number: number;
}

export interface ApplicationRow {
  readonly team: string;
  readonly name: string;
  readonly deleting: number;
  /** Of the components that are to run, as JSON, in their order: what lists show. */
  readonly component_names: string;
  readonly created_at: string;
  readonly etag: string;
}

/** What the reconciler shall make of a component: run it, remove and run it anew, remove it, remove it with its volumes. */
export type Wish = "run" | "restart" | "remove" | "remove-with-volumes";

export interface ComponentRow {
  readonly team: string;
  readonly application: string;
  readonly name: string;
  readonly position: number;
  readonly spec: string;
  readonly wish: Wish;
  readonly etag: string;
}

export interface PublishedPortRow {
  readonly port: number;
  readonly transport: string;
  readonly address: string;
  readonly team: string;
  readonly application: string;
  readonly component: string;
}

export interface InstallationRow {
  readonly team: string;
  readonly application: string;
  readonly component: string;
  readonly plugin: string;
  readonly version: string;
  readonly previous_version: string | null;
  readonly position: number;
  readonly enabled: number;
  readonly setting_values: string;
  readonly resources: string | null;
  readonly mounts: string | null;
  readonly origin: "file" | "api";
  readonly instance: string;
  readonly revision: number;
  readonly etag: string;
}

/** An installation's values as they were from one change to the next. */
export interface RevisionRow {
  readonly team: string;
  readonly application: string;
  readonly component: string;
  readonly plugin: string;
  readonly number: number;
  readonly version: string;
  readonly setting_values: string;
  /** Id of the token that asked for it. */
  readonly author: string;
  readonly created_at: string;
  /** The revision whose values these are again. */
  readonly rolled_back_to: number | null;
}

export interface CredentialRow {
  readonly team: string;
  readonly name: string;
  readonly kind: "registry" | "git";
  readonly host: string;
  readonly username: string;
  readonly sealed: string;
  readonly updated_at: string;
}

export interface EventTable {
  readonly id: Generated<number>;
  readonly time: string;
  readonly team: string;
  readonly subject: string;
  readonly kind: "normal" | "warning";
  readonly reason: string;
  readonly message: string;
}
