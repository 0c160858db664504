import { foldKey } from "@outrigger/sdk";
import { type Folded, folded, inner, listAt, textAt } from "./body.ts";

export interface Bind {
  readonly source: string;
  readonly readOnly: boolean;
}

/** What a body asks for, whichever way of a container it is: create, exec, update, service, volume. */
export interface Asked {
  readonly privileged: boolean;
  /** Places of the host. */
  readonly binds: readonly Bind[];
  /** Without CAP_. */
  readonly capabilities: readonly string[];
  readonly devices: readonly string[];
  /** By kind, what is to be shared: `host`, `container:NAME`. */
  readonly namespaces: readonly (readonly [kind: string, value: string])[];
  /** KEY=VALUE. */
  readonly securityOptions: readonly string[];
  /** Other fields that can give the host. */
  readonly fields: readonly string[];
}

const namespaceFields: Readonly<Record<string, string>> = {
  NetworkMode: "network",
  PidMode: "pid",
  IpcMode: "ipc",
  UTSMode: "uts",
  UsernsMode: "user",
  CgroupnsMode: "cgroup",
};

/** Those that count when there is anything in them. */
const otherFields: readonly string[] = [
  "CgroupParent",
  "DeviceCgroupRules",
  "DeviceRequests",
  "OomKillDisable",
  "Privileges",
  "Runtime",
  "Sysctls",
  "VolumesFrom",
];
/** An empty list unmasks everything. */
const pathFields: readonly string[] = ["MaskedPaths", "ReadonlyPaths"];

export function askedBy(body: Folded): Asked {
  const service = inner(inner(body, "TaskTemplate"), "ContainerSpec");
  // Before API 1.24, the body of `start` was a HostConfig itself.
  const all = [body, inner(body, "HostConfig"), service];
  const endpoints = inner(inner(body, "NetworkingConfig"), "EndpointsConfig");
  return {
    privileged: all.some(
      (each) => each.get("privileged") !== undefined && each.get("privileged") !== false && each.get("privileged") !== null,
    ),
    binds: [...all.flatMap(bindsOf), ...deviceOf(inner(body, "DriverOpts"))],
    capabilities: all.flatMap((each) => ["CapAdd", "Capabilities", "CapabilityAdd"].flatMap((key) => listAt(each, key))).map(capability),
    devices: all.flatMap((each) => listAt(each, "Devices")).map((each) => textAt(folded(each) ?? new Map(), "PathOnHost")),
    namespaces: [
      ...all.flatMap((each) => Object.entries(namespaceFields).map(([field, kind]) => [kind, textAt(each, field)] as const)),
      ...[...endpoints.keys()].map((name) => ["network", name] as const),
      ...listAt(inner(body, "TaskTemplate"), "Networks").map((each) => ["network", textAt(folded(each) ?? new Map(), "Target")] as const),
    ].filter(([, value]) => isShared(value)),
    securityOptions: all.flatMap((each) => listAt(each, "SecurityOpt")).map((each) => String(each).replace(/^([a-z-]+):/, "$1=")),
    fields: all.flatMap((each) => [
      ...otherFields.filter((field) => isSet(each.get(foldKey(field)))),
      ...pathFields.filter((field) => (each.get(foldKey(field)) ?? null) !== null),
    ]),
  };
}

/** Of a namespace: the host's, or another container's. */
export function isShared(value: string): boolean {
  return value === "host" || value.includes(":");
}

function isSet(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== "" && value !== 0;
}

function capability(value: unknown): string {
  return String(value).toUpperCase().replace(/^CAP_/, "");
}

function bindsOf(object: Folded): readonly Bind[] {
  const binds = listAt(object, "Binds").map((bind) => String(bind).split(":"));
  return [
    // Names of volumes have no slash, and a place of the container alone is a volume without a name.
    ...binds.flatMap(([source = "", target, mode = ""]) =>
      target !== undefined && source.includes("/") ? [{ source, readOnly: mode.split(",").includes("ro") }] : [],
    ),
    ...listAt(object, "Mounts").flatMap((each) => mountOf(folded(each) ?? new Map())),
  ];
}

function mountOf(mount: Folded): readonly Bind[] {
  const type = textAt(mount, "Type");
  const readOnly = mount.get("readonly") === true;
  if (type === "tmpfs" || type === "image") return [];
  if (type === "volume" || type === "") return deviceOf(inner(inner(inner(mount, "VolumeOptions"), "DriverConfig"), "Options"));
  return [{ source: textAt(mount, "Source"), readOnly }];
}

/** Of the options of a volume that the driver local mounts: a folder of the host, or another filesystem. */
function deviceOf(options: Folded): readonly Bind[] {
  const [device, type] = [textAt(options, "device"), textAt(options, "type")];
  return type === "tmpfs" || device === "" ? [] : [{ source: device, readOnly: false }];
}
