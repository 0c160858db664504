import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseImageReference } from "@outrigger/plugin";
import type { Description } from "../../config/description.ts";
import { driverErrors } from "../../errors.ts";
import { dockerfileSource } from "./dockerfile-source.ts";
import { descriptionIn, folderSource } from "./folder-source.ts";
import { imageSource } from "./image-source.ts";
import { nodeSource } from "./node-source.ts";
import type { OpenedSource, SourceContext } from "./opened-source.ts";
import { folderLayoutSource, tarSource } from "./tar-source.ts";

export interface SourceRequest {
  /** A folder, tar, image layout (`PATH#NAME` where it holds several), Dockerfile, or image. */
  readonly source: string;
  /** Counts instead of what the source has. */
  readonly description?: Description;
  /** A module that becomes the driver; the source is the folder with its description. */
  readonly nodeEntry?: string;
}

/** Opens whatever a driver is built from. @throws driver-source-unknown; those of each kind of source */
export async function openSource({ source, description, nodeEntry }: SourceRequest, context: SourceContext): Promise<OpenedSource> {
  const [path = "", name] = source.includes("#") && !existsSync(source) ? source.split("#") : [source];
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) {
      if (/(?:^|\/)Dockerfile[^/]*$/.test(path)) return dockerfileSource({ context: join(path, ".."), file: path, args: {} }, context);
      return tarSource(path, name, context);
    }
    if (existsSync(join(path, "oci-layout"))) return folderLayoutSource(path, name, context);
    const own = description ?? descriptionIn(path);
    const files =
      nodeEntry === undefined ? await folderSource(path, own, context) : await nodeSource(nodeEntry, context.architecture, context.node);
    return own === undefined ? files : { ...files, description: own };
  }
  if (/^[./]/.test(source) || parseImageReference(source) === undefined) {
    throw driverErrors["driver-source-unknown"]({ source, reason: "it is not there, and no name of an image" });
  }
  return imageSource(source, context);
}
