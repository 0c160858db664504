/** A place on the host that containers may be given. */
export interface HostPlace {
  readonly path: string;
  /** True: only mounted read-only. */
  readonly readOnly: boolean;
  /** True: also what lies below it. */
  readonly below: boolean;
}

export interface DevicePlace {
  /** A pattern. */
  readonly path: string;
  /** Of `r`, `w` and `m`. */
  readonly permissions: string;
}

export interface RequiredLabel {
  readonly name: string;
  /** A pattern that the value matches. */
  readonly value: string;
}

/** Bytes, thousandths of a core, or a number of processes. */
export interface Bound {
  readonly min?: number;
  readonly max?: number;
}

/** Every rule. Lists hold patterns (`*`, `?`) of what is allowed; `true` allows. */
export interface Rules {
  readonly privileged: boolean;
  readonly binds: {
    readonly allow: readonly HostPlace[];
    readonly deny: readonly string[];
    readonly propagation: readonly string[];
    /** Follows symbolic links on this host. */
    readonly resolve: boolean;
  };
  readonly mounts: readonly string[];
  readonly volumes: {
    readonly names: readonly string[];
    readonly drivers: readonly string[];
    /** Types of filesystem that the driver `local` may mount. */
    readonly types: readonly string[];
    /** Containers whose volumes others may use. */
    readonly from: readonly string[];
  };
  readonly images: {
    readonly allow: readonly string[];
    readonly deny: readonly string[];
    readonly ids: boolean;
    /** Names that may be given to images made here; absent: all that `allow` does not speak of. */
    readonly make?: readonly string[];
  };
  readonly labels: { readonly required: readonly RequiredLabel[] };
  readonly limits: { readonly memory?: Bound; readonly cpus?: Bound; readonly pids?: Bound };
  readonly capabilities: readonly string[];
  /** What is shared is allowed only by a pattern that says so: `host`, `container:NAME`. */
  readonly namespaces: {
    readonly network: readonly string[];
    readonly pid: readonly string[];
    readonly ipc: readonly string[];
    readonly uts: readonly string[];
    readonly user: readonly string[];
    readonly cgroup: readonly string[];
  };
  readonly devices: readonly DevicePlace[];
  readonly deviceCgroupRules: readonly string[];
  readonly deviceRequests: readonly string[];
  readonly cgroupParents: readonly string[];
  readonly runtimes: readonly string[];
  readonly securityOptions: readonly string[];
  readonly sysctls: readonly string[];
  /** MaskedPaths and ReadonlyPaths may be set. */
  readonly unmaskedPaths: boolean;
  readonly annotations: readonly string[];
  readonly logDrivers: readonly string[];
  readonly storageOptions: readonly string[];
  readonly links: readonly string[];
  /** OomKillDisable, and a negative OomScoreAdj. */
  readonly oomProtection: boolean;
  readonly realtime: boolean;
  readonly ports: { readonly addresses: readonly string[]; readonly from: number; readonly to: number; readonly all: boolean };
  readonly restart: { readonly policies: readonly string[]; readonly maximumRetries?: number };
  readonly users: { readonly root: boolean; readonly allow: readonly string[] };
  /** Labels that a container must have to be entered. */
  readonly exec: { readonly labels: readonly RequiredLabel[] };
  readonly networks: { readonly drivers: readonly string[]; readonly options: readonly string[] };
  readonly doors: readonly string[];
  readonly routes: { readonly closed: readonly string[]; readonly unknown: readonly string[] };
  /** The oldest API that is spoken; before 1.24 `start` could change what `create` had been refused. */
  readonly apiVersions: { readonly from: string };
  /** Fields that this policy does not know and lets pass: `HostConfig.NewField`. */
  readonly fields: readonly string[];
}

/** Which requests an exception is for; everything that is given must hold. */
export interface Selector {
  readonly users?: readonly string[];
  readonly listeners?: readonly string[];
  readonly doors?: readonly string[];
  readonly images?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Exception {
  readonly for: Selector;
  readonly rules: Partial<Rules>;
}

/** A policy file. Rules that it does not give are those of {@link baseline}. */
export interface Policy {
  readonly rules: Partial<Rules>;
  /** Those that are for a request replace rules one by one; later ones win. */
  readonly exceptions: readonly Exception[];
}
