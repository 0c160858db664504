export * from "./fake-hosts.ts";
export * from "./fake-kubernetes.ts";
export type { Execution, Fault } from "./fake-server.ts";
export * from "./run-cluster-plugin.ts";
