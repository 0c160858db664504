import type { DeviceConfig, PluginConfig, PluginSettings } from "../../config/plugin-config.ts";
import { defaultCapabilities } from "./capabilities.ts";
import { type SeccompProfile, seccompProfile } from "./seccomp.ts";

/** Where on this machine a driver's parts are. */
export interface DriverPlaces {
  readonly id: string;
  readonly rootfs: string;
  /** What the configuration's PropagatedMount shows. */
  readonly propagated: string;
  /** Becomes /run/docker/plugins: the driver makes its socket there. */
  readonly sockets: string;
  /** The engine's FIFOs of log drivers; the same path on both sides. */
  readonly logging: string;
  /** The engine's metrics socket, where there is one. */
  readonly metrics?: string;
}

/** A device file of this machine. */
export interface HostDevice {
  readonly path: string;
  readonly type: "c" | "b";
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** The parts of an OCI runtime specification 1.0 `config.json` that a driver has. */
export interface OciSpec {
  readonly ociVersion: "1.0.2";
  readonly hostname: string;
  readonly root: { readonly path: string; readonly readonly: false };
  readonly process: {
    readonly terminal: false;
    readonly user: { readonly uid: number; readonly gid: number };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly capabilities: Readonly<Record<"bounding" | "effective" | "permitted" | "inheritable" | "ambient", readonly string[]>>;
    readonly noNewPrivileges: boolean;
  };
  readonly mounts: readonly OciMount[];
  readonly linux: Readonly<Record<string, unknown>> & { readonly seccomp: SeccompProfile };
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** How a driver is run: as Docker runs it, and beyond that under its default seccomp profile, as the user it names, without ways to more privileges. */
export function ociSpec(config: PluginConfig, settings: PluginSettings, places: DriverPlaces, devices: readonly HostDevice[]): OciSpec {
  const capabilities = [...new Set([...defaultCapabilities, ...(config.Linux.Capabilities ?? [])])].sort();
  const { UID: uid = 0, GID: gid = 0 } = config.User;
  // Only ambient capabilities outlive the step to a user that is not root.
  const ambient = uid === 0 ? [] : (config.Linux.Capabilities ?? []);
  return {
    ociVersion: "1.0.2",
    hostname: places.id.slice(0, 12),
    root: { path: places.rootfs, readonly: false },
    process: {
      terminal: false,
      user: { uid, gid },
      args: [...(config.Entrypoint ?? []), ...settings.Args],
      env: [...(settings.Env.some((text) => text.startsWith("PATH=")) ? [] : [path]), ...settings.Env],
      cwd: config.WorkDir === "" ? "/" : config.WorkDir,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities, inheritable: ambient, ambient },
      noNewPrivileges: true,
    },
    mounts: [...systemMounts, ...driverMounts(config, settings, places)],
    linux: {
      cgroupsPath: `/outrigger-drivers/${places.id}`,
      namespaces: namespacesOf(config).map((type) => ({ type })),
      ...(config.PropagatedMount === "" ? {} : { rootfsPropagation: "rshared" }),
      maskedPaths,
      readonlyPaths,
      devices: devices.map(({ path: device, type, major, minor, mode, uid: owner, gid: group }) => ({
        path: device,
        type,
        major,
        minor,
        fileMode: mode,
        uid: owner,
        gid: group,
      })),
      resources: { devices: deviceRules(config, devices) },
      seccomp: seccompProfile(capabilities),
    },
  };
}

function namespacesOf({ Network, IpcHost, PidHost }: PluginConfig): readonly string[] {
  return [
    "mount",
    "uts",
    ...(PidHost ? [] : ["pid"]),
    ...(IpcHost ? [] : ["ipc"]),
    // Any other network is an empty one: plug-ins are connected to none by engines either.
    ...(Network.Type === "host" ? [] : ["network"]),
  ];
}

function deviceRules({ Linux }: PluginConfig, devices: readonly HostDevice[]): readonly object[] {
  if (Linux.AllowAllDevices) return [{ allow: true, access: "rwm" }];
  return [
    { allow: false, access: "rwm" },
    ...devices.map(({ type, major, minor }) => ({ allow: true, type, major, minor, access: "rwm" })),
  ];
}

const plain = ["nosuid", "noexec", "nodev"];

const systemMounts: readonly OciMount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: plain },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: [...plain, "ro"] },
  { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", ...plain] },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: plain },
  { destination: "/dev/shm", type: "tmpfs", source: "shm", options: [...plain, "mode=1777", "size=65536k"] },
];

function driverMounts(config: PluginConfig, settings: PluginSettings, places: DriverPlaces): readonly OciMount[] {
  const bind = (source: string, destination: string, ...options: readonly string[]): OciMount => ({
    destination,
    type: "bind",
    source,
    options: ["rbind", ...options],
  });
  return [
    ...(config.PropagatedMount === "" ? [] : [bind(places.propagated, config.PropagatedMount, "rw", "rshared")]),
    ...settings.Mounts.map(({ Source, Destination, Type, Options }) => ({
      destination: Destination,
      type: Type,
      source: Source ?? "",
      options: Options ?? [],
    })),
    bind(places.sockets, "/run/docker/plugins", "rw"),
    ...(config.Network.Type === "" ? [] : ["/etc/hosts", "/etc/resolv.conf"].map((file) => bind(file, file, "ro"))),
    ...(servesCapability(config, "logdriver") ? [bind(places.logging, places.logging, "rw")] : []),
    ...(places.metrics !== undefined && servesCapability(config, "metricscollector")
      ? [bind(places.metrics, "/run/docker/metrics.sock", "ro")]
      : []),
  ];
}

/** True where one of the plug-in's interfaces is `docker.CAPABILITY/...`. */
export function servesCapability({ Interface }: PluginConfig, capability: string): boolean {
  return capabilitiesOf(Interface.Types).includes(capability);
}

/** `docker.volumedriver/1.0` -> `volumedriver`; interfaces that are not Docker's are left out. */
export function capabilitiesOf(types: readonly string[] | null): readonly string[] {
  return (types ?? []).flatMap((type) => /^docker\.([a-z]+)\//i.exec(type)?.[1]?.toLowerCase() ?? []);
}

/** The paths of devices that a plug-in is to have. */
export function devicePaths(devices: readonly DeviceConfig[]): readonly string[] {
  return devices.flatMap(({ Path }) => (Path === null || Path === "" ? [] : [Path]));
}

// As in moby `oci/defaults.go`.
const maskedPaths: readonly string[] = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];

const readonlyPaths: readonly string[] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
