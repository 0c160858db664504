import * as z from "zod";
import type { ClusterImageKind } from "./cluster-image.ts";

/** The key of {@link ImageRecord} in an image's configuration (OCI image specification 1.1, config.md: other keys are kept). */
export const recordKey = "dev.outrigger.cluster";

/** An application of a Kubefile (APP, CNI, CSI): what starts it, in the rootfs. */
export interface ImageApplication {
  readonly name: string;
  readonly commands: readonly string[];
}

/** What a cluster image says of itself in its configuration: enough for a plan, without a layer being read. */
export interface ImageRecord {
  readonly version: 1;
  readonly kind: ClusterImageKind;
  readonly commands: readonly string[];
  readonly applications: readonly ImageApplication[];
  readonly scripts: readonly string[];
  /** The YAML files of its plug-ins, in order. */
  readonly documents: readonly { readonly path: string; readonly text: string }[];
  /** Whether plug-ins have other files than these, e.g. modules. */
  readonly hasPluginFiles: boolean;
  readonly containerImages: readonly string[];
}

const texts = z.array(z.string());
const recordField: z.ZodType<ImageRecord> = z.object({
  version: z.literal(1),
  kind: z.enum(["cluster", "application"]),
  commands: texts,
  applications: z.array(z.object({ name: z.string(), commands: texts })),
  scripts: texts,
  documents: z.array(z.object({ path: z.string(), text: z.string() })),
  hasPluginFiles: z.boolean(),
  containerImages: texts,
});

/** The record of a configuration; absent in images that others have made. `wrong`: it is there, but not one that can be read. */
export function recordOf(config: unknown): ImageRecord | "wrong" | undefined {
  const value = typeof config === "object" && config !== null ? (config as Record<string, unknown>)[recordKey] : undefined;
  if (value === undefined) return undefined;
  const record = recordField.safeParse(value);
  return record.success ? record.data : "wrong";
}
