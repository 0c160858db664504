/**
 * A managed plug-in's configuration in Docker's stored spelling and order (Engine API 1.41, `PluginConfig`; moby `api/types/plugin.go`).
 * Lists may be null, as Go writes them.
 */
export interface PluginConfig {
  readonly Args: ArgsConfig;
  readonly Description: string;
  /** Engines before 29 write it; we leave it away. */
  readonly DockerVersion?: string;
  readonly Documentation: string;
  readonly Entrypoint: readonly string[] | null;
  readonly Env: readonly EnvConfig[] | null;
  readonly Interface: InterfaceConfig;
  readonly IpcHost: boolean;
  readonly Linux: LinuxConfig;
  readonly Mounts: readonly MountConfig[] | null;
  readonly Network: { readonly Type: string };
  readonly PidHost: boolean;
  readonly PropagatedMount: string;
  readonly User: { readonly UID?: number; readonly GID?: number };
  readonly WorkDir: string;
  readonly rootfs?: { readonly type?: string; readonly diff_ids?: readonly string[] | null };
  /** The plugin.yaml that it was built from, as JSON: stock engines keep the key and do not read it. Absent for plug-ins of others. */
  readonly Outrigger?: unknown;
}

export interface InterfaceConfig {
  /** e.g. `docker.volumedriver/1.0` */
  readonly Types: readonly string[] | null;
  /** The socket's file name under /run/docker/plugins. */
  readonly Socket: string;
  readonly ProtocolScheme?: string;
}

export interface LinuxConfig {
  readonly Capabilities: readonly string[] | null;
  readonly AllowAllDevices: boolean;
  readonly Devices: readonly DeviceConfig[] | null;
}

export interface ArgsConfig {
  readonly Name: string;
  readonly Description: string;
  readonly Settable: readonly string[] | null;
  readonly Value: readonly string[] | null;
}

export interface EnvConfig {
  readonly Name: string;
  readonly Description: string;
  readonly Settable: readonly string[] | null;
  /** Null: not put into the environment. */
  readonly Value: string | null;
}

export interface MountConfig {
  readonly Name: string;
  readonly Description: string;
  readonly Settable: readonly string[] | null;
  readonly Source: string | null;
  readonly Destination: string;
  readonly Type: string;
  readonly Options: readonly string[] | null;
}

export interface DeviceConfig {
  readonly Name: string;
  readonly Description: string;
  readonly Settable: readonly string[] | null;
  readonly Path: string | null;
}

/** What a plug-in runs with: the configuration's values with a person's changes. */
export interface PluginSettings {
  readonly Args: readonly string[];
  readonly Devices: readonly DeviceConfig[];
  /** `NAME=value` */
  readonly Env: readonly string[];
  readonly Mounts: readonly MountConfig[];
}

/** One thing that a plug-in asks for beyond a plain container (`GET /plugins/privileges`). */
export interface PluginPrivilege {
  readonly Name: string;
  readonly Description: string;
  readonly Value: readonly string[];
}

/** A managed plug-in as `GET /plugins/{name}/json` tells it. */
export interface ManagedPlugin {
  readonly Id: string;
  /** With its tag: `tools/dir-volume:1.0.0`. */
  readonly Name: string;
  readonly Enabled: boolean;
  readonly PluginReference: string;
  readonly Config: PluginConfig;
  readonly Settings: PluginSettings;
  /** Told by our own host only. */
  readonly Outrigger?: DriverStatus;
}

/** How a driver fares in our own host; Docker's knows only enabled and disabled. */
export interface DriverStatus {
  readonly state: "installed" | "starting" | "healthy" | "failing" | "disabled";
  /** Why, when failing. */
  readonly reason?: string;
  /** In a row; with the state `failing` and more than one it is a crash loop. */
  readonly failures: number;
  /** When it is started again; RFC 3339. */
  readonly nextStart?: string;
  readonly pid?: number;
  /** Since it runs; RFC 3339. */
  readonly startedAt?: string;
  /** The manifest's digest. */
  readonly digest: string;
  /** The version before, that `rollback` returns to. */
  readonly previous?: { readonly reference: string; readonly digest: string };
  /** Mounts and log streams that an engine holds. */
  readonly inUse: number;
}
