export {
  type ChangeHook,
  type CheckHook,
  type ClusterPrivilege,
  type CollectHook,
  clusterPrivileges,
  foldKey,
  formatImageReference,
  formatProblem,
  type HookFilter,
  type HookId,
  type HookName,
  type HookOrder,
  hookIds,
  hookNames,
  hookPoints,
  type ImageReference,
  mayBeImageId,
  type NotifyHook,
  type PhaseName,
  type Problem,
  parseCpu,
  parseImageReference,
  parseMemory,
  phaseNames,
  phases,
  type Reading,
  readDocument,
} from "@outrigger/plugin";
export * as z from "zod";
export * from "./cluster/cluster-context.ts";
export * from "./cluster/cluster-plugin.ts";
export * from "./cluster/kubernetes-client.ts";
export * from "./cluster/kubernetes-over.ts";
export * from "./cluster/protocol.ts";
export * from "./engine/call-context.ts";
export * from "./engine/call-plugin.ts";
export * from "./engine/call-route.ts";
export * from "./engine/describe-plugin.ts";
export * from "./engine/engine-plugin.ts";
export * from "./engine/field-diff.ts";
export * from "./engine/field-paths.ts";
export * from "./engine/hook-context.ts";
export * from "./engine/hook-filter.ts";
export * from "./engine/hook-inputs.ts";
export * from "./engine/matches-glob.ts";
export * from "./engine/protocol.ts";
export * from "./engine/routes.ts";
export * from "./engine/run/load-plugin.ts";
export * from "./engine/run/resolve-sdk.ts";
export type * from "./engine-api/types.ts";
export * from "./errors.ts";
export * from "./files/write-durably.ts";
export * from "./json/is-object.ts";
export * from "./json/lossless.ts";
export * from "./json/merge-patch.ts";
