import type { PluginManifest } from "@outrigger/plugin";
import type {
  ApplicationRequest,
  ApplicationResource,
  BuildResource,
  ComponentResource,
  CredentialResource,
  EventResource,
  InstallationPatch,
  InstallationResource,
  InstallRequest,
  NewTokenResource,
  PlanResource,
  PluginResource,
  RevisionResource,
  Role,
  ServerResource,
  TeamResource,
  TokenResource,
  TrafficResource,
  VersionResource,
} from "@outrigger/server";
import type { ServerEvent } from "./event-stream.ts";
import { apiPath, type Query, type Transport } from "./transport.ts";

export interface TargetName {
  readonly application: string;
  readonly component: string;
}

/** What is not in a team. */
export interface ServerApi {
  readonly about: () => Promise<ServerResource>;
  readonly teams: () => Promise<readonly TeamResource[]>;
  readonly createTeam: (name: string) => Promise<TeamResource>;
  readonly changeTeam: (team: TeamResource, allow: readonly string[]) => Promise<TeamResource>;
  readonly deleteTeam: (name: string) => Promise<void>;
  readonly tokens: () => Promise<readonly TokenResource[]>;
  readonly createToken: (request: { description: string; admin: boolean; roles: Record<string, Role> }) => Promise<NewTokenResource>;
  readonly deleteToken: (id: string) => Promise<void>;
}

export function serverApi({ send, list }: Transport): ServerApi {
  return {
    about: () => send("GET", ""),
    teams: () => list("/teams"),
    createTeam: (name) => send("POST", "/teams", { body: { name } }),
    changeTeam: ({ name, etag }, allow) => send("PATCH", apiPath("teams", name), { body: { allow }, headers: { "if-match": etag } }),
    deleteTeam: (name) => send("DELETE", apiPath("teams", name)),
    tokens: () => list("/tokens"),
    createToken: (body) => send("POST", "/tokens", { body }),
    deleteToken: (id) => send("DELETE", apiPath("tokens", id)),
  };
}

/** Plug-ins, versions and builds of one team. */
export interface PluginApi {
  readonly plugins: () => Promise<readonly PluginResource[]>;
  readonly plugin: (name: string) => Promise<PluginResource>;
  readonly deletePlugin: (name: string) => Promise<void>;
  readonly createVersion: (manifest: PluginManifest) => Promise<unknown>;
  readonly versions: (plugin: string) => Promise<readonly VersionResource[]>;
  readonly version: (plugin: string, version: string) => Promise<VersionResource>;
  readonly deleteVersion: (plugin: string, version: string) => Promise<void>;
  readonly buildVersion: (plugin: string, version: string, context?: Blob) => Promise<BuildResource>;
  readonly builds: () => Promise<readonly BuildResource[]>;
  readonly build: (id: string) => Promise<BuildResource>;
  readonly cancelBuild: (id: string) => Promise<unknown>;
  readonly buildLog: (id: string, signal?: AbortSignal) => AsyncIterable<ServerEvent>;
}

export function pluginApi({ send, list, events }: Transport, team: string): PluginApi {
  const at = (...parts: readonly string[]): string => apiPath("teams", team, ...parts);
  return {
    plugins: () => list(at("plugins")),
    plugin: (name) => send("GET", at("plugins", name)),
    deletePlugin: (name) => send("DELETE", at("plugins", name)),
    createVersion: (body) => send("POST", at("plugins"), { body }),
    versions: (plugin) => list(at("plugins", plugin, "versions")),
    version: (plugin, version) => send("GET", at("plugins", plugin, "versions", version)),
    deleteVersion: (plugin, version) => send("DELETE", at("plugins", plugin, "versions", version)),
    buildVersion: (plugin, version, body) => send("POST", at("plugins", plugin, "versions", version, "builds"), { body }),
    builds: () => list(at("builds")),
    build: (id) => send("GET", at("builds", id)),
    cancelBuild: (id) => send("POST", at("builds", id, "cancel")),
    buildLog: (id, signal) => events(at("builds", id, "log"), signal ? { signal } : {}),
  };
}

/** Applications, their components and what is installed on them, in one team. */
export interface ApplicationApi {
  readonly applications: () => Promise<readonly ApplicationResource[]>;
  readonly application: (name: string) => Promise<ApplicationResource>;
  readonly putApplication: (name: string, request: ApplicationRequest) => Promise<ApplicationResource>;
  readonly planApplication: (name: string, request: ApplicationRequest) => Promise<PlanResource>;
  readonly deleteApplication: (name: string, volumes: boolean) => Promise<unknown>;
  readonly statusStream: (name: string, signal: AbortSignal) => AsyncIterable<ServerEvent>;
  readonly components: (application: string) => Promise<readonly ComponentResource[]>;
  readonly component: (target: TargetName) => Promise<ComponentResource>;
  readonly restart: (target: TargetName) => Promise<unknown>;
  readonly buildComponent: (target: TargetName, context: Blob, query: readonly (readonly [string, string])[]) => Promise<BuildResource>;
  readonly logs: (target: TargetName, query: Query, signal?: AbortSignal) => AsyncIterable<ServerEvent>;
  readonly traffic: (target: TargetName, query: Query) => Promise<TrafficResource>;
  readonly installations: (target: TargetName) => Promise<readonly InstallationResource[]>;
  readonly installation: (target: TargetName, plugin: string) => Promise<InstallationResource>;
  readonly install: (target: TargetName, request: InstallRequest) => Promise<InstallationResource>;
  readonly planInstall: (target: TargetName, request: InstallRequest) => Promise<PlanResource>;
  readonly change: (target: TargetName, plugin: string, patch: InstallationPatch) => Promise<InstallationResource>;
  readonly planChange: (target: TargetName, plugin: string, patch: InstallationPatch) => Promise<PlanResource>;
  readonly revisions: (target: TargetName, plugin: string) => Promise<readonly RevisionResource[]>;
  readonly uninstall: (target: TargetName, plugin: string) => Promise<unknown>;
  readonly planUninstall: (target: TargetName, plugin: string) => Promise<PlanResource>;
  readonly events: (query: Query) => Promise<readonly EventResource[]>;
  readonly eventStream: (query: Query, signal?: AbortSignal) => AsyncIterable<ServerEvent>;
  readonly credentials: () => Promise<readonly CredentialResource[]>;
  readonly putCredential: (name: string, body: object) => Promise<CredentialResource>;
  readonly deleteCredential: (name: string) => Promise<void>;
}

const dryRun = { query: { dryRun: true } };

export function applicationApi({ send, list, events }: Transport, team: string): ApplicationApi {
  const at = (...parts: readonly string[]): string => apiPath("teams", team, ...parts);
  const app = (name: string, ...parts: readonly string[]): string => at("applications", name, ...parts);
  const of = ({ application, component }: TargetName, ...parts: readonly string[]): string =>
    app(application, "components", component, ...parts);
  return {
    applications: () => list(at("applications")),
    application: (name) => send("GET", app(name)),
    putApplication: (name, body) => send("PUT", app(name), { body }),
    planApplication: (name, body) => send("PUT", app(name), { body, ...dryRun }),
    deleteApplication: (name, volumes) => send("DELETE", app(name), { query: { volumes } }),
    statusStream: (name, signal) => events(app(name, "status"), { signal, repeats: true }),
    components: (application) => list(app(application, "components")),
    component: (target) => send("GET", of(target)),
    restart: (target) => send("POST", of(target, "restart")),
    buildComponent: (target, body, query) =>
      send("POST", `${of(target, "builds")}?${new URLSearchParams(query.map(([k, v]) => [k, v]))}`, { body }),
    logs: (target, query, signal) => events(of(target, "logs"), { query, ...(signal ? { signal } : {}) }),
    traffic: (target, query) => send("GET", of(target, "traffic"), { query }),
    installations: (target) => list(of(target, "installations")),
    installation: (target, plugin) => send("GET", of(target, "installations", plugin)),
    install: (target, body) => send("POST", of(target, "installations"), { body }),
    planInstall: (target, body) => send("POST", of(target, "installations"), { body, ...dryRun }),
    change: (target, plugin, body) => send("PATCH", of(target, "installations", plugin), { body }),
    planChange: (target, plugin, body) => send("PATCH", of(target, "installations", plugin), { body, ...dryRun }),
    revisions: (target, plugin) => list(of(target, "installations", plugin, "revisions")),
    uninstall: (target, plugin) => send("DELETE", of(target, "installations", plugin)),
    planUninstall: (target, plugin) => send("DELETE", of(target, "installations", plugin), dryRun),
    events: (query) => list(at("events"), query),
    eventStream: (query, signal) => events(at("events"), { query, ...(signal ? { signal } : {}) }),
    credentials: () => list(at("credentials")),
    putCredential: (name, body) => send("PUT", at("credentials", name), { body }),
    deleteCredential: (name) => send("DELETE", at("credentials", name)),
  };
}
