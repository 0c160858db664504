import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FileTree, treeOfDirectory, treeOfTar } from "@outrigger/registry";
import { type Description, readDescription } from "../../config/description.ts";
import { driverErrors } from "../../errors.ts";
import { dockerfileSource } from "./dockerfile-source.ts";
import { imageSource } from "./image-source.ts";
import { nodeSource } from "./node-source.ts";
import type { OpenedSource, SourceContext } from "./opened-source.ts";

/** The plugin.yaml or config.json of a folder. */
export function descriptionIn(folder: string): Description | undefined {
  const file = ["plugin.yaml", "plugin.yml", "config.json"].map((name) => join(folder, name)).find((path) => existsSync(path));
  return file === undefined ? undefined : readDescription(readFileSync(file, "utf8"), file);
}

/**
 * A driver's folder. Its files are what plugin.yaml's `source` says; beside a config.json they are `rootfs/` (`rootfs-ARCHITECTURE/`, where there is one for
 * what is built), `rootfs.tar`, or what a Dockerfile makes. `description` counts instead of what stands in the folder.
 */
export async function folderSource(folder: string, description: Description | undefined, context: SourceContext): Promise<OpenedSource> {
  if (description?.kind === "manifest") return manifestSource(folder, description, context);
  const rootfs = [`rootfs-${context.architecture}`, "rootfs", "rootfs.tar"]
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
  if (rootfs !== undefined) return { tree: await filesAt(rootfs) };
  const file = join(folder, context.dockerfile ?? "Dockerfile");
  if (existsSync(file)) return dockerfileSource({ context: folder, file, args: {} }, context);
  throw driverErrors["driver-source-unknown"]({ source: folder, reason: "it has neither rootfs/ nor rootfs.tar nor a Dockerfile" });
}

async function manifestSource(
  folder: string,
  { manifest, file }: Description & { kind: "manifest" },
  context: SourceContext,
): Promise<OpenedSource> {
  const { entry, programs, rootfs, dockerfile, image } = manifest.spec.driver.source;
  if (entry !== undefined) return nodeSource(join(folder, entry), context.architecture, context.node, programs);
  if (image !== undefined) return imageSource(image, context);
  if (dockerfile !== undefined) {
    const { args = {}, target } = dockerfile;
    const place = join(folder, dockerfile.context);
    return dockerfileSource(
      { context: place, file: join(place, dockerfile.file), args, ...(target === undefined ? {} : { target }) },
      context,
    );
  }
  const named = join(folder, rootfs ?? "");
  const own = `${named.replace(/\/+$/, "")}-${context.architecture}`;
  const path = existsSync(own) ? own : named;
  if (!existsSync(path)) throw driverErrors["driver-source-unknown"]({ source: file, reason: `there is no ${path}` });
  return { tree: await filesAt(path) };
}

/** A root filesystem that is a folder or a tar. A plain user's files become root's: nobody else has this user's number. */
export async function filesAt(path: string): Promise<FileTree> {
  if (!statSync(path).isDirectory()) return treeOfTar(path);
  return treeOfDirectory(path, process.getuid?.() === 0 ? {} : { owner: { uid: 0, gid: 0 } });
}
