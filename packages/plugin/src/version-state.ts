import { pluginErrors } from "./errors.ts";

/** The life of a version. Only `built` is fixed; the failed ends can be mended and built again. */
export type VersionState = "draft" | "building" | "built" | "failed" | "timed-out" | "cancelled";

/** What a person or a build does to a version. */
export type VersionAction = "edit" | "build" | "succeed" | "fail" | "time-out" | "cancel" | "delete";

const next: Readonly<Record<VersionState, Partial<Readonly<Record<VersionAction, VersionState>>>>> = {
  draft: { edit: "draft", build: "building", delete: "draft" },
  building: { succeed: "built", fail: "failed", "time-out": "timed-out", cancel: "cancelled" },
  built: { delete: "built" },
  failed: { edit: "draft", build: "building", delete: "failed" },
  "timed-out": { edit: "draft", build: "building", delete: "timed-out" },
  cancelled: { edit: "draft", build: "building", delete: "cancelled" },
};

/** True when the version's memory, information and variables can never change again. */
export function isFixed(state: VersionState): boolean {
  return state === "built";
}

/**
 * The state after an action.
 *
 * @throws version-fixed when the version is built, version-busy while it is being built
 */
export function afterAction(
  state: VersionState,
  action: VersionAction,
  version: { readonly plugin: string; readonly version: string },
): VersionState {
  const after = next[state][action];
  if (after !== undefined) return after;
  if (state === "building") throw pluginErrors["version-busy"](version);
  throw pluginErrors["version-fixed"]({ ...version, what: action === "build" ? "image" : "memory, information and variables" });
}
