/** The parts of the Docker Engine API (1.41) that Outrigger uses, as the engine spells them. */
export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  readonly Arch: string;
}

export interface EngineInfo {
  readonly Name: string;
}

export type Labels = Readonly<Record<string, string>>;

export interface ContainerSummary {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Labels: Labels;
  readonly State: string;
  readonly Ports: readonly { readonly IP?: string; readonly PublicPort?: number }[];
}

export interface ContainerInspection {
  readonly Id: string;
  readonly Name: string;
  readonly State: {
    readonly Status: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Pid: number;
  };
  readonly Config: { readonly Labels: Labels; readonly Image: string };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string; readonly Gateway: string }>> };
}

export interface VolumeInspection {
  readonly Name: string;
  readonly Labels: Labels | null;
}

export interface NetworkInspection {
  readonly Id: string;
  readonly Created: string;
  readonly Name: string;
  readonly Labels: Labels | null;
  readonly IPAM: { readonly Config: readonly { readonly Subnet: string; readonly Gateway?: string }[] | null };
}

export interface ImageInspection {
  readonly Id: string;
  readonly RepoDigests: readonly string[] | null;
  readonly Config: { readonly User?: string } | null;
}

export interface VolumeMount {
  readonly Type: "volume";
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly: boolean;
  readonly VolumeOptions: { readonly NoCopy: boolean };
}

/** A directory of the host's in a container. */
export interface BindMount {
  readonly Type: "bind";
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly: boolean;
}

/** Body of POST /containers/create. */
export interface ContainerCreation {
  readonly Image: string;
  readonly Hostname?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Labels: Labels;
  readonly StopTimeout?: number;
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly HostConfig: {
    readonly NetworkMode: string;
    readonly IpcMode?: string;
    readonly RestartPolicy: { readonly Name: "no" };
    readonly LogConfig: { readonly Type: string; readonly Config: Labels };
    readonly Mounts?: readonly (VolumeMount | BindMount)[];
    readonly PortBindings?: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>>;
    readonly Memory?: number;
    readonly MemorySwap?: number;
    readonly MemoryReservation?: number;
    readonly NanoCpus?: number;
    readonly CpuShares?: number;
    readonly CapAdd?: readonly string[];
    readonly CapDrop?: readonly string[];
    readonly SecurityOpt?: readonly string[];
    readonly Privileged?: boolean;
    readonly ReadonlyRootfs?: boolean;
  };
  readonly NetworkingConfig?: { readonly EndpointsConfig: Readonly<Record<string, { readonly Aliases: readonly string[] }>> };
}

export interface EngineEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Labels };
}
