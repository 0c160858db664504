/**
 * Messages that lead to a container, as CRI's api.proto (runtime.v1) has them: field name -> number and type, `[]` for repeated ones, `map` for map<string, string>.
 * runtime.v1alpha2 has the same numbers, with fewer fields. `text` is bytes that are nearly always UTF-8.
 * Source: kubernetes/cri-api, pkg/apis/runtime/v1/api.proto at 791729b2.
 */
const messageTable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CreateContainerRequest: { pod_sandbox_id: "1 string", config: "2 ContainerConfig", sandbox_config: "3 PodSandboxConfig" },
  ContainerConfig: {
    metadata: "1 ContainerMetadata",
    image: "2 ImageSpec",
    command: "3 string[]",
    args: "4 string[]",
    working_dir: "5 string",
    envs: "6 KeyValue[]",
    mounts: "7 Mount[]",
    devices: "8 Device[]",
    labels: "9 map",
    annotations: "10 map",
    log_path: "11 string",
    stdin: "12 bool",
    stdin_once: "13 bool",
    tty: "14 bool",
    linux: "15 LinuxContainerConfig",
    windows: "16 WindowsContainerConfig",
    CDI_devices: "17 CDIDevice[]",
    stop_signal: "18 Signal",
  },
  ContainerMetadata: { name: "1 string", attempt: "2 uint32" },
  ImageSpec: {
    image: "1 string",
    annotations: "2 map",
    user_specified_image: "18 string",
    runtime_handler: "19 string",
    image_ref: "20 string",
  },
  KeyValue: { key: "1 string", value: "2 text" },
  Mount: {
    container_path: "1 string",
    host_path: "2 string",
    readonly: "3 bool",
    selinux_relabel: "4 bool",
    propagation: "5 MountPropagation",
    uidMappings: "6 IDMapping[]",
    gidMappings: "7 IDMapping[]",
    recursive_read_only: "8 bool",
    image: "9 ImageSpec",
    image_sub_path: "10 string",
    mount_options: "11 string[]",
  },
  IDMapping: { host_id: "1 uint32", container_id: "2 uint32", length: "3 uint32" },
  Device: { container_path: "1 string", host_path: "2 string", permissions: "3 string" },
  CDIDevice: { name: "1 string" },
  LinuxContainerConfig: { resources: "1 LinuxContainerResources", security_context: "2 LinuxContainerSecurityContext" },
  LinuxContainerResources: {
    cpu_period: "1 int64",
    cpu_quota: "2 int64",
    cpu_shares: "3 int64",
    memory_limit_in_bytes: "4 int64",
    oom_score_adj: "5 int64",
    cpuset_cpus: "6 string",
    cpuset_mems: "7 string",
    hugepage_limits: "8 HugepageLimit[]",
    unified: "9 map",
    memory_swap_limit_in_bytes: "10 int64",
  },
  HugepageLimit: { page_size: "1 string", limit: "2 uint64" },
  LinuxContainerSecurityContext: {
    capabilities: "1 Capability",
    privileged: "2 bool",
    namespace_options: "3 NamespaceOption",
    selinux_options: "4 SELinuxOption",
    run_as_user: "5 Int64Value",
    run_as_username: "6 string",
    readonly_rootfs: "7 bool",
    supplemental_groups: "8 int64[]",
    apparmor_profile: "9 string",
    seccomp_profile_path: "10 string",
    no_new_privs: "11 bool",
    run_as_group: "12 Int64Value",
    masked_paths: "13 string[]",
    readonly_paths: "14 string[]",
    seccomp: "15 SecurityProfile",
    apparmor: "16 SecurityProfile",
    supplemental_groups_policy: "17 SupplementalGroupsPolicy",
  },
  Capability: { add_capabilities: "1 string[]", drop_capabilities: "2 string[]", add_ambient_capabilities: "3 string[]" },
  NamespaceOption: {
    network: "1 NamespaceMode",
    pid: "2 NamespaceMode",
    ipc: "3 NamespaceMode",
    target_id: "4 string",
    userns_options: "5 UserNamespace",
  },
  UserNamespace: { mode: "1 NamespaceMode", uids: "2 IDMapping[]", gids: "3 IDMapping[]" },
  SELinuxOption: { user: "1 string", role: "2 string", type: "3 string", level: "4 string" },
  Int64Value: { value: "1 int64" },
  SecurityProfile: { profile_type: "1 ProfileType", localhost_ref: "2 string" },
  WindowsContainerConfig: { resources: "1 WindowsContainerResources", security_context: "2 WindowsContainerSecurityContext" },
  WindowsContainerResources: {
    cpu_shares: "1 int64",
    cpu_count: "2 int64",
    cpu_maximum: "3 int64",
    memory_limit_in_bytes: "4 int64",
    rootfs_size_in_bytes: "5 int64",
    affinity_cpus: "6 WindowsCpuGroupAffinity[]",
  },
  WindowsCpuGroupAffinity: { cpu_mask: "1 uint64", cpu_group: "2 uint32" },
  WindowsContainerSecurityContext: { run_as_username: "1 string", credential_spec: "2 string", host_process: "3 bool" },
  PodSandboxConfig: {
    metadata: "1 PodSandboxMetadata",
    hostname: "2 string",
    log_directory: "3 string",
    dns_config: "4 DNSConfig",
    port_mappings: "5 PortMapping[]",
    labels: "6 map",
    annotations: "7 map",
    linux: "8 LinuxPodSandboxConfig",
    windows: "9 WindowsPodSandboxConfig",
  },
  PodSandboxMetadata: { name: "1 string", uid: "2 string", namespace: "3 string", attempt: "4 uint32" },
  DNSConfig: { servers: "1 string[]", searches: "2 string[]", options: "3 string[]" },
  PortMapping: { protocol: "1 Protocol", container_port: "2 int32", host_port: "3 int32", host_ip: "4 string" },
  LinuxPodSandboxConfig: {
    cgroup_parent: "1 string",
    security_context: "2 LinuxSandboxSecurityContext",
    sysctls: "3 map",
    overhead: "4 LinuxContainerResources",
    resources: "5 LinuxContainerResources",
  },
  LinuxSandboxSecurityContext: {
    namespace_options: "1 NamespaceOption",
    selinux_options: "2 SELinuxOption",
    run_as_user: "3 Int64Value",
    readonly_rootfs: "4 bool",
    supplemental_groups: "5 int64[]",
    privileged: "6 bool",
    seccomp_profile_path: "7 string",
    run_as_group: "8 Int64Value",
    seccomp: "9 SecurityProfile",
    apparmor: "10 SecurityProfile",
    supplemental_groups_policy: "11 SupplementalGroupsPolicy",
  },
  WindowsPodSandboxConfig: { security_context: "1 WindowsSandboxSecurityContext" },
  WindowsSandboxSecurityContext: {
    run_as_username: "1 string",
    credential_spec: "2 string",
    host_process: "3 bool",
    namespace_options: "4 WindowsNamespaceOption",
  },
  WindowsNamespaceOption: { network: "1 NamespaceMode" },
};

const signals: readonly string[] = [
  ..."RUNTIME_DEFAULT SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL".split(
    " ",
  ),
  ..."SIGPROF SIGPWR SIGQUIT SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2".split(" "),
  ..."SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIGRTMIN".split(" "),
  ...Array.from({ length: 15 }, (_, index) => `SIGRTMINPLUS${index + 1}`),
  ...Array.from({ length: 14 }, (_, index) => `SIGRTMAXMINUS${14 - index}`),
  "SIGRTMAX",
];

/** The names of enumerations' values, by number. */
const enumTable: Readonly<Record<string, readonly string[]>> = {
  Protocol: ["TCP", "UDP", "SCTP"],
  MountPropagation: ["PROPAGATION_PRIVATE", "PROPAGATION_HOST_TO_CONTAINER", "PROPAGATION_BIDIRECTIONAL"],
  NamespaceMode: ["POD", "CONTAINER", "NODE", "TARGET"],
  SupplementalGroupsPolicy: ["Merge", "Strict"],
  ProfileType: ["RuntimeDefault", "Unconfined", "Localhost"],
  Signal: signals.map((name) => `SIGNAL_${name}`),
};

export type ScalarType = "string" | "text" | "bool" | "int32" | "uint32" | "int64" | "uint64";

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
  readonly type:
    | { readonly kind: "scalar"; readonly of: ScalarType }
    | { readonly kind: "enum"; readonly of: readonly string[] }
    | { readonly kind: "message"; readonly of: string }
    | { readonly kind: "map" };
}

export interface Message {
  readonly byName: ReadonlyMap<string, Field>;
  readonly byNumber: ReadonlyMap<number, Field>;
}

/** Every message of the table. */
export const messages: ReadonlyMap<string, Message> = new Map(
  Object.entries(messageTable).map(([name, fields]) => {
    const list = Object.entries(fields).map(([field, text]) => fieldOf(field, text));
    return [
      name,
      { byName: new Map(list.map((field) => [field.name, field])), byNumber: new Map(list.map((field) => [field.number, field])) },
    ];
  }),
);

function fieldOf(name: string, text: string): Field {
  const [, number = "", type = "", brackets] = /^(\d+) (\w+)(\[\])?$/.exec(text) ?? [];
  return { name, number: Number(number), repeated: brackets !== undefined, type: typeOf(type) };
}

function typeOf(type: string): Field["type"] {
  if (type === "map") return { kind: "map" };
  if (type in messageTable) return { kind: "message", of: type };
  const names = enumTable[type];
  return names === undefined ? { kind: "scalar", of: type as ScalarType } : { kind: "enum", of: names };
}
