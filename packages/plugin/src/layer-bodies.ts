import * as z from "zod";

/** The body of a plugin.yaml whose layer is `cluster`. */
export interface ClusterPluginBody {
  /** The kind of plug-in, e.g. `HOSTNAME` or one of its own such as `LIST_NODE`. */
  readonly type: string;
  /** The module or executable, relative to the file; absent for the built-in types. */
  readonly entry?: string;
  /** Phases in which it runs, e.g. `PostInstall`. */
  readonly phases: readonly string[];
}

export const clusterBodyField: z.ZodType<ClusterPluginBody> = z.strictObject({
  type: z.string().regex(/^[A-Z][A-Z0-9_]*$/, "A cluster plug-in's type has capital letters and underscores, e.g. LIST_NODE."),
  entry: z.string().min(1).exactOptional(),
  phases: z.array(z.string()).min(1),
});
