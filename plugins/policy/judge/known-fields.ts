import {
  type ContainerCreateRequest,
  type EndpointSettings,
  type HostConfig,
  type Mount,
  matchesAny,
  type NetworkCreateRequest,
  type VolumeCreateOptions,
} from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { type Fields, isFields } from "./fields.ts";
import type { Violations } from "./violation.ts";

/** True for every field; the compiler sees that none is missing. */
type All<T> = Readonly<Record<keyof T, true>>;
type Inner<T, Key extends keyof T> = NonNullable<T[Key]>;
const container: All<ContainerCreateRequest> = {
  Hostname: true,
  Domainname: true,
  User: true,
  AttachStdin: true,
  AttachStdout: true,
  AttachStderr: true,
  ExposedPorts: true,
  Tty: true,
  OpenStdin: true,
  StdinOnce: true,
  Env: true,
  Cmd: true,
  Healthcheck: true,
  ArgsEscaped: true,
  Image: true,
  Volumes: true,
  WorkingDir: true,
  Entrypoint: true,
  NetworkDisabled: true,
  MacAddress: true,
  OnBuild: true,
  Labels: true,
  StopSignal: true,
  StopTimeout: true,
  Shell: true,
  HostConfig: true,
  NetworkingConfig: true,
};
const hostConfig: All<HostConfig> = {
  CpuShares: true,
  Memory: true,
  CgroupParent: true,
  BlkioWeight: true,
  BlkioWeightDevice: true,
  BlkioDeviceReadBps: true,
  BlkioDeviceWriteBps: true,
  BlkioDeviceReadIOps: true,
  BlkioDeviceWriteIOps: true,
  CpuPeriod: true,
  CpuQuota: true,
  CpuRealtimePeriod: true,
  CpuRealtimeRuntime: true,
  CpusetCpus: true,
  CpusetMems: true,
  Devices: true,
  DeviceCgroupRules: true,
  DeviceRequests: true,
  KernelMemoryTCP: true,
  MemoryReservation: true,
  MemorySwap: true,
  MemorySwappiness: true,
  NanoCpus: true,
  OomKillDisable: true,
  Init: true,
  PidsLimit: true,
  Ulimits: true,
  CpuCount: true,
  CpuPercent: true,
  IOMaximumIOps: true,
  IOMaximumBandwidth: true,
  Binds: true,
  ContainerIDFile: true,
  LogConfig: true,
  NetworkMode: true,
  PortBindings: true,
  RestartPolicy: true,
  AutoRemove: true,
  VolumeDriver: true,
  VolumesFrom: true,
  Mounts: true,
  ConsoleSize: true,
  Annotations: true,
  CapAdd: true,
  CapDrop: true,
  CgroupnsMode: true,
  Dns: true,
  DnsOptions: true,
  DnsSearch: true,
  ExtraHosts: true,
  GroupAdd: true,
  IpcMode: true,
  Cgroup: true,
  Links: true,
  OomScoreAdj: true,
  PidMode: true,
  Privileged: true,
  PublishAllPorts: true,
  ReadonlyRootfs: true,
  SecurityOpt: true,
  StorageOpt: true,
  Tmpfs: true,
  UTSMode: true,
  UsernsMode: true,
  ShmSize: true,
  Sysctls: true,
  Runtime: true,
  Isolation: true,
  MaskedPaths: true,
  ReadonlyPaths: true,
  KernelMemory: true,
  Capabilities: true,
};
const mount: All<Mount> = {
  Target: true,
  Source: true,
  Type: true,
  ReadOnly: true,
  Consistency: true,
  BindOptions: true,
  VolumeOptions: true,
  ImageOptions: true,
  TmpfsOptions: true,
};
const bindOptions: All<Inner<Mount, "BindOptions">> = {
  Propagation: true,
  NonRecursive: true,
  CreateMountpoint: true,
  ReadOnlyNonRecursive: true,
  ReadOnlyForceRecursive: true,
};
const volumeOptions: All<Inner<Mount, "VolumeOptions">> = { NoCopy: true, Labels: true, DriverConfig: true, Subpath: true };
const driverConfig: All<Inner<Inner<Mount, "VolumeOptions">, "DriverConfig">> = { Name: true, Options: true };
const tmpfsOptions: All<Inner<Mount, "TmpfsOptions">> = { SizeBytes: true, Mode: true, Options: true };
const imageOptions: All<Inner<Mount, "ImageOptions">> = { Subpath: true };
const device: All<Inner<HostConfig, "Devices">[number]> = { PathOnHost: true, PathInContainer: true, CgroupPermissions: true };
const deviceRequest: All<Inner<HostConfig, "DeviceRequests">[number]> = {
  Driver: true,
  Count: true,
  DeviceIDs: true,
  Capabilities: true,
  Options: true,
};
const restartPolicy: All<Inner<HostConfig, "RestartPolicy">> = { Name: true, MaximumRetryCount: true };
const logConfig: All<Inner<HostConfig, "LogConfig">> = { Type: true, Config: true };
const networking: All<Inner<ContainerCreateRequest, "NetworkingConfig">> = { EndpointsConfig: true };
const endpoint: All<EndpointSettings> = {
  IPAMConfig: true,
  Links: true,
  MacAddress: true,
  Aliases: true,
  DriverOpts: true,
  GwPriority: true,
  NetworkID: true,
  EndpointID: true,
  Gateway: true,
  IPAddress: true,
  IPPrefixLen: true,
  IPv6Gateway: true,
  GlobalIPv6Address: true,
  GlobalIPv6PrefixLen: true,
  DNSNames: true,
};
const volume: All<VolumeCreateOptions> = { Name: true, Driver: true, DriverOpts: true, Labels: true, ClusterVolumeSpec: true };
const network: All<NetworkCreateRequest> = {
  Name: true,
  Driver: true,
  Scope: true,
  Internal: true,
  Attachable: true,
  Ingress: true,
  ConfigOnly: true,
  ConfigFrom: true,
  IPAM: true,
  EnableIPv4: true,
  EnableIPv6: true,
  Options: true,
  Labels: true,
  CheckDuplicate: true,
};

/** The fields that this policy has looked at, and for each object in them what is known of that. */
export interface Shape {
  readonly known: Readonly<Record<string, true>>;
  readonly inside?: Readonly<Record<string, Shape>>;
  /** For objects whose keys are names. */
  readonly each?: Shape;
}

const mountShape: Shape = {
  known: mount,
  inside: {
    BindOptions: { known: bindOptions },
    VolumeOptions: { known: volumeOptions, inside: { DriverConfig: { known: driverConfig } } },
    TmpfsOptions: { known: tmpfsOptions },
    ImageOptions: { known: imageOptions },
  },
};

export const hostConfigShape: Shape = {
  known: hostConfig,
  inside: {
    Mounts: mountShape,
    Devices: { known: device },
    DeviceRequests: { known: deviceRequest },
    RestartPolicy: { known: restartPolicy },
    LogConfig: { known: logConfig },
  },
};

export const containerShape: Shape = {
  known: container,
  inside: {
    HostConfig: hostConfigShape,
    NetworkingConfig: { known: networking, inside: { EndpointsConfig: { known: {}, each: { known: endpoint } } } },
  },
};

export const volumeShape: Shape = { known: volume };
export const networkShape: Shape = { known: network };

/** Fields of newer engines, and fields in places where only some engines read them, may do anything. What is null does nothing. */
export function* judgeKnown(rules: Rules, value: unknown, shape: Shape, way = ""): Violations {
  if (Array.isArray(value)) {
    for (const element of value) yield* judgeKnown(rules, element, shape, way);
    return;
  }
  if (!isFields(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null || inner === undefined) continue;
    const place = way === "" ? key : `${way}.${key}`;
    const next = shape.each ?? (shape.inside !== undefined && Object.hasOwn(shape.inside, key) ? shape.inside[key] : undefined);
    if (shape.each === undefined && !Object.hasOwn(shape.known, key)) {
      if (matchesAny(place, rules.fields)) continue;
      yield {
        rule: "fields",
        message: `This policy does not know the field ${place}, so it can't say that it is harmless.`,
        hint: "Leave it out, or name it in the policy's rule `fields`.",
      };
    } else if (next !== undefined) yield* judgeKnown(rules, inner as Fields, next, place);
  }
}
