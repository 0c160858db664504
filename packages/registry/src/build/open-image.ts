import { formatImageReference, isOutriggerError, parseImageReference } from "@outrigger/plugin";
import { openRepository } from "../client/repository.ts";
import type { RegistryOptions } from "../client/session.ts";
import type { ContentSource } from "../content.ts";
import { registryErrors } from "../errors.ts";
import { type FlattenedImage, flattenImage } from "../layers/flatten-image.ts";
import type { ImageFiles } from "./image-files.ts";

export interface ImageOpenerOptions {
  /** Asked first, by the name as it was given and by its long form. */
  readonly store?: ContentSource;
  readonly registry?: RegistryOptions;
}

/** Finds images by their names: in the local store, else in the registry that the name is of. */
export function imageOpener({ store, registry }: ImageOpenerOptions): (reference: string, architecture: string) => Promise<ImageFiles> {
  return async (reference, architecture) => {
    const parsed = parseImageReference(reference);
    if (parsed === undefined) throw registryErrors["reference-invalid"]({ found: reference });
    const platform = { os: "linux", architecture };
    for (const name of store === undefined ? [] : [reference, formatImageReference(parsed)]) {
      if (store === undefined || !(await holds(store, name))) continue;
      return imageFiles(await flattenImage(store, name, { platform }));
    }
    const repository = openRepository(parsed, registry);
    try {
      return imageFiles(await flattenImage(repository, parsed.digest ?? parsed.tag ?? "latest", { platform }));
    } finally {
      repository.close();
    }
  };
}

async function holds(store: ContentSource, name: string): Promise<boolean> {
  try {
    await store.manifest(name);
    return true;
  } catch (error) {
    if (isOutriggerError(error) && error.code === "manifest-unknown") return false;
    throw error;
  }
}

/** An image as the builder sees it. */
export function imageFiles({ tree, config }: Pick<FlattenedImage, "tree" | "config">): ImageFiles {
  const { Entrypoint, Cmd, Env, Labels, WorkingDir } = config.config ?? {};
  return {
    tree,
    config: {
      entrypoint: Entrypoint ?? [],
      cmd: Cmd ?? [],
      env: Env ?? [],
      labels: Labels ?? {},
      workdir: WorkingDir === "/" ? "" : (WorkingDir ?? ""),
      architecture: config.architecture,
    },
  };
}
