export {
  type ChangeHook,
  type CheckHook,
  type CollectHook,
  type HookFilter,
  type HookId,
  type HookName,
  type HookOrder,
  hookIds,
  hookNames,
  hookPoints,
  type NotifyHook,
} from "@outrigger/plugin";
export * from "./engine/call-plugin.ts";
export * from "./engine/call-route.ts";
export * from "./engine/describe-plugin.ts";
export * from "./engine/engine-plugin.ts";
export * from "./engine/field-diff.ts";
export * from "./engine/field-paths.ts";
export * from "./engine/hook-context.ts";
export * from "./engine/hook-inputs.ts";
export * from "./engine/protocol.ts";
export * from "./engine/routes.ts";
export * from "./engine/run/load-plugin.ts";
export * from "./engine/run/resolve-sdk.ts";
export type * from "./engine-api/types.ts";
export * from "./errors.ts";
export * from "./json/lossless.ts";
export * from "./json/merge-patch.ts";
