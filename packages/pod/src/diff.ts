import type { Pod } from "./pod.ts";

/** What a change costs: nothing, nothing that stops, one container, or the whole pod. In rising order. */
export type ChangeKind = "none" | "hot" | "restart" | "recreate";

/** One change between two pods, with its reason in words. */
export interface PodChange {
  readonly kind: Exclude<ChangeKind, "none">;
  /** The container that is started, stopped or replaced; only for `restart`. */
  readonly container?: string;
  readonly action?: "add" | "remove" | "replace";
  readonly reason: string;
}

export interface PodDiff {
  /** The greatest kind among the changes. */
  readonly kind: ChangeKind;
  readonly changes: readonly PodChange[];
}

/** What must happen to make `before` into `after`. Undefined `before`: the pod does not run yet. */
export function diff(before: Pod | undefined, after: Pod): PodDiff {
  return {
    kind: before === undefined ? "recreate" : "none",
    changes: before === undefined ? [{ kind: "recreate", reason: `${after.name} is new` }] : [],
  };
}
