/** A request in its canonical form. */
export interface PlainRequest {
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly body?: Readonly<Record<string, unknown>>;
}

const harmless = { Image: "busybox", Cmd: ["true"] };

function create(body: Readonly<Record<string, unknown>>): PlainRequest {
  return { method: "POST", path: "/containers/create", query: [], body: { ...harmless, ...body } };
}

function withHost(host: Readonly<Record<string, unknown>>): PlainRequest {
  return create({ HostConfig: host });
}

const localBind = { type: "none", o: "bind", device: "/" };

/** Requests that give the host away, each of which `policy` forbids as it stands here. */
export const offences: readonly PlainRequest[] = [
  withHost({ Privileged: true }),
  withHost({ Binds: ["/:/host"] }),
  withHost({ Binds: ["/var/run/docker.sock:/s.sock"] }),
  withHost({ Mounts: [{ Type: "bind", Source: "/etc", Target: "/host" }] }),
  withHost({ Mounts: [{ Type: "volume", Target: "/host", VolumeOptions: { DriverConfig: { Name: "local", Options: localBind } } }] }),
  withHost({ CapAdd: ["SYS_ADMIN"] }),
  withHost({ CapAdd: ["ALL"] }),
  withHost({ PidMode: "host" }),
  withHost({ IpcMode: "host" }),
  withHost({ UTSMode: "host" }),
  withHost({ NetworkMode: "host" }),
  withHost({ UsernsMode: "host" }),
  withHost({ CgroupnsMode: "host" }),
  withHost({ Devices: [{ PathOnHost: "/dev/mem", PathInContainer: "/dev/mem", CgroupPermissions: "rwm" }] }),
  withHost({ DeviceCgroupRules: ["a *:* rwm"] }),
  withHost({ SecurityOpt: ["seccomp=unconfined"] }),
  withHost({ SecurityOpt: ["apparmor=unconfined"] }),
  withHost({ CgroupParent: "/docker-host" }),
  withHost({ MaskedPaths: [] }),
  withHost({ ReadonlyPaths: [] }),
  withHost({ Runtime: "runc" }),
  { method: "POST", path: "/volumes/create", query: [], body: { Name: "offence", Driver: "local", DriverOpts: localBind } },
];

/** What the policy lets through: it must stay possible. */
export const allowed: readonly PlainRequest[] = [
  create({}),
  withHost({ Memory: 64 << 20, NetworkMode: "none" }),
  create({ Labels: { a: "b" }, Env: ["A=1"] }),
];
