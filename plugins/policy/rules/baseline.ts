import type { Rules } from "./rules.ts";

/** What the engine gives every container anyway. */
export const defaultCapabilities: readonly string[] = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

/** Sockets and folders that are as good as the host itself, even where a place around them is allowed. */
export const hostPlaces: readonly string[] = [
  "/proc",
  "/sys",
  "/run/containerd",
  "/run/crio",
  "/run/docker",
  "/run/docker.sock",
  "/run/outrigger",
  "/run/podman",
  "/run/systemd",
  "/var/run/docker.sock",
  "/var/lib/containerd",
  "/var/lib/docker",
];

/** Only what is namespaced, and can't starve others (Kubernetes calls these safe). */
const safeSysctls: readonly string[] = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_syncookies",
];

/** What hands the host to an image's or cluster's author, or speaks to the builder past every hook. */
const closedRoutes: readonly string[] = [
  "checkpoint.*",
  "grpc",
  "node.delete",
  "node.update",
  "plugin.create",
  "plugin.delete",
  "plugin.disable",
  "plugin.enable",
  "plugin.pull",
  "plugin.push",
  "plugin.set",
  "plugin.upgrade",
  "swarm.*",
  "system.debug",
  "volume.update",
];

const own: readonly string[] = ["*"];

/** Nothing that gives the host; everything else. */
export const baseline: Rules = {
  privileged: false,
  binds: { allow: [], deny: hostPlaces, propagation: ["private", "rprivate", "slave", "rslave"], resolve: true },
  mounts: ["bind", "volume", "tmpfs", "image"],
  volumes: { names: ["*"], drivers: ["local"], types: ["tmpfs"], from: [] },
  images: { allow: ["*"], deny: [], ids: false },
  labels: { required: [] },
  limits: {},
  capabilities: defaultCapabilities,
  namespaces: { network: own, pid: own, ipc: own, uts: own, user: own, cgroup: own },
  devices: [],
  deviceCgroupRules: [],
  deviceRequests: [],
  cgroupParents: [],
  runtimes: [],
  securityOptions: ["no-new-privileges", "no-new-privileges=true", "apparmor=docker-default", "seccomp=builtin"],
  sysctls: safeSysctls,
  unmaskedPaths: false,
  annotations: [],
  logDrivers: ["json-file", "local", "journald", "none"],
  storageOptions: ["size"],
  links: [],
  oomProtection: false,
  realtime: false,
  ports: { addresses: ["*"], from: 1, to: 65535, all: true },
  restart: { policies: ["*"] },
  users: { root: true, allow: ["*"] },
  exec: { labels: [] },
  networks: {
    drivers: ["bridge", "overlay"],
    options: ["com.docker.network.bridge.enable_*", "com.docker.network.driver.mtu", "encrypted"],
  },
  doors: ["create", "exec", "commit", "build"],
  routes: { closed: closedRoutes, unknown: [] },
  apiVersions: { from: "1.24" },
  fields: [],
};
