import type { ClusterPlugin } from "../../model/cluster-plugin.ts";

/** What is asked of a plug-in to find its code; documents that are not merged yet have it too. */
export type BroughtPlugin = Pick<ClusterPlugin, "name" | "type" | "origin"> &
  Partial<Pick<ClusterPlugin, "entry" | "privileges" | "overrides" | "data" | "template" | "disabled">>;

/** The code of a type that is not built in. */
export interface PluginCode {
  /** Absolute, without links. */
  readonly path: string;
  /** What it may read beside itself: the image's plug-ins, or the folder it lies in. */
  readonly folder: string;
  readonly kind: "module" | "executable";
  /** `sha256:...` of the file. */
  readonly digest: string;
  /** True for what came with an image: it does nothing on this machine that a person has not agreed to. */
  readonly fromImage: boolean;
}

/** A type that is not built in, with its code, asked who it is. */
export interface FoundType {
  readonly type: string;
  readonly code: PluginCode;
  readonly undo: boolean;
  /** By the names of plug-ins: what their code says is wrong with their data. */
  readonly dataProblems: ReadonlyMap<string, readonly string[]>;
}

/** A person agreed that the plug-in does what it wants on this machine: it is their own, or they said so for an image's. */
export function mayUseMachine({ name, origin, overrides, privileges = [] }: BroughtPlugin, grants: readonly string[]): boolean {
  if (!privileges.includes("local")) return false;
  return (origin.from !== "image" && overrides?.from !== "image") || grants.includes(name);
}
