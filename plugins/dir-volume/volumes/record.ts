import { z } from "@outrigger/sdk";

/** What is kept of a volume beside its files. */
export interface VolumeRecord {
  /** `directory`: a folder. `image`: an ext4 filesystem in a file, which is how a size is kept. */
  readonly kind: "directory" | "image";
  /** Bytes; of an image. */
  readonly size?: number;
  readonly readOnly: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  /** As they were given: the same call again finds the volume made. */
  readonly options: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly snapshotOf?: string;
}

export const recordField: z.ZodType<VolumeRecord> = z.strictObject({
  kind: z.enum(["directory", "image"]),
  size: z.int().exactOptional(),
  readOnly: z.boolean(),
  createdAt: z.iso.datetime(),
  options: z.record(z.string(), z.string()),
  from: z.string().exactOptional(),
  snapshotOf: z.string().exactOptional(),
});
