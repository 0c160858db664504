import type { ClusterPlugin } from "../../model/cluster-plugin.ts";

/** What is asked of a plug-in to find its code; documents that are not merged yet have it too. */
export type BroughtPlugin = Pick<ClusterPlugin, "name" | "type" | "origin"> &
  Partial<Pick<ClusterPlugin, "entry" | "privileges" | "overrides" | "base" | "data" | "template" | "disabled">>;

/** The code of a type that is not built in. */
export interface PluginCode {
  /** Absolute, without links. */
  readonly path: string;
  /** What it may read beside itself: the image's plug-ins, or the folder it lies in. */
  readonly folder: string;
  readonly kind: "module" | "executable";
  /** True for what came with an image: it does nothing on this machine that a person has not agreed to. */
  readonly fromImage: boolean;
  /** True for what came with a package of a registry, which is held in the same way. */
  readonly fromPackage: boolean;
}

/** A type that is not built in, with its code, asked who it is. */
export interface FoundType {
  readonly type: string;
  readonly code: PluginCode;
  readonly undo: boolean;
  /** `sha256:...` of its content; `image` for what the image's own digest covers. */
  readonly codeDigest: string;
  /** By the names of plug-ins: what their code says is wrong with their data. */
  readonly dataProblems: ReadonlyMap<string, readonly string[]>;
}

/** Others have made it: an image or a package brought the plug-in, or a part of it. */
export function isOfOthers({ origin, overrides, base, entry }: Omit<BroughtPlugin, "name" | "type">): boolean {
  return [origin, overrides, base, entry?.origin].some((from) => from?.from === "image" || from?.from === "package");
}

/** A person agreed that the plug-in does what it wants on this machine: it is their own, or they said so for an image's or a package's. */
export function mayUseMachine(plugin: BroughtPlugin, grants: readonly string[]): boolean {
  const { name, privileges = [] } = plugin;
  return privileges.includes("local") && (!isOfOthers(plugin) || grants.includes(name));
}
