import * as z from "zod";
import { type ClusterPrivilege, clusterPrivileges, type PhaseName, phaseNames } from "./phases.ts";

/** The body of a plugin.yaml whose layer is `cluster`. */
export interface ClusterPluginBody {
  /** The type that Plugin documents name, e.g. `LIST_NODE`; the built-in types are taken. */
  readonly type: string;
  /** The module (`.ts`, `.js`, `.mjs`) or executable, relative to the file. */
  readonly entry: string;
  /** Phases in which it runs. */
  readonly phases: readonly PhaseName[];
  /** Where it runs, as `on` says it in a Plugin document, e.g. `master`, `10.0.0.1-10.0.0.9`, `disk=ssd`. Absent: the phase's own. */
  readonly targets?: readonly string[];
  readonly privileges: readonly ClusterPrivilege[];
}

export const clusterTypePattern: RegExp = /^[A-Z][A-Z0-9_]{0,63}$/;

export const clusterBodyField: z.ZodType<ClusterPluginBody> = z.strictObject({
  type: z.string().regex(clusterTypePattern, "A cluster plug-in's type has capital letters, digits and underscores, e.g. LIST_NODE."),
  entry: z.string().min(1),
  phases: z.array(z.enum(phaseNames as readonly [PhaseName, ...PhaseName[]])).min(1),
  targets: z.array(z.string().min(1)).min(1).exactOptional(),
  privileges: z.array(z.enum(clusterPrivileges)).default([]),
});
