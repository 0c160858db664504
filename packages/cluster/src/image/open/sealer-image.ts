import type { Manifest } from "@outrigger/registry";
import * as z from "zod";
import type { ImageRecord } from "../image-record.ts";

/** What Sealer 0.9 and later write on a manifest. */
const extensionKey = "sealer.image.extension";
const extensionField = z.looseObject({
  type: z.string().optional(),
  launch: z.looseObject({ cmds: z.array(z.string()).nullish(), app_names: z.array(z.string()).nullish() }).nullish(),
});

/** What a Sealer image says of itself; absent for images that are none. */
export function sealerRecord({
  annotations,
}: Pick<Manifest, "annotations">): Pick<ImageRecord, "kind" | "commands" | "applications" | "containerImages"> | undefined {
  const text = annotations?.[extensionKey];
  if (text === undefined) return undefined;
  const extension = extensionField.safeParse(jsonOf(text));
  if (!extension.success) return undefined;
  const { type, launch } = extension.data;
  return {
    kind: type === "app-installer" ? "application" : "cluster",
    commands: launch?.cmds ?? [],
    applications: [],
    containerImages: [],
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
