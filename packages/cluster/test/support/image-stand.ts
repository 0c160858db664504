import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Layout, noPolicy, openStore, ownPlatform, type Platform } from "@outrigger/registry";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { describeTree } from "../../../../tests/support/trees.ts";
import {
  type BuildClusterImageRequest,
  type BuiltClusterImage,
  buildClusterImage,
  type ClusterImage,
  type OpenClusterImageOptions,
  openClusterImage,
} from "../../src/index.ts";

export const hostPlatform: Platform = { os: "linux", architecture: ownPlatform().architecture };

/** A context and a store of its own, to build in. */
export interface ImageStand {
  readonly folder: string;
  readonly context: string;
  readonly store: Layout;
  /** What was said while building. */
  readonly said: string[];
  /** Writes files of the context; a name that ends with `*` is executable. */
  readonly write: (files: Readonly<Record<string, string | Uint8Array>>) => void;
  /** Builds a Kubefile; its kind is `application`, so that no scripts are asked for, unless told otherwise. */
  readonly build: (kubefile: string, options?: Partial<BuildClusterImageRequest>) => Promise<BuiltClusterImage>;
  readonly open: (reference: string, options?: OpenClusterImageOptions) => Promise<ClusterImage>;
  /** The files of a built image, a line each, without those that hold for all: kind, mode 644 or 755 and root's. */
  readonly files: (reference: string) => Promise<readonly string[]>;
}

export async function imageStand(context: TestContext): Promise<ImageStand> {
  const folder = temporaryFolder(context);
  const store = await openStore(join(folder, "store"));
  const said: string[] = [];
  const write: ImageStand["write"] = (files) => {
    for (const [name, text] of Object.entries(files)) {
      const file = join(folder, "context", name.replace(/\*$/, ""));
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, text);
      chmodSync(file, name.endsWith("*") ? 0o755 : 0o644);
    }
  };
  write({});
  mkdirSync(join(folder, "context"), { recursive: true });
  const open: ImageStand["open"] = async (reference, options) => {
    const image = await openClusterImage(reference, { store, trust: noPolicy, cache: join(folder, "cache"), pull: "never", ...options });
    context.after(image.close);
    return image;
  };
  return {
    folder,
    context: join(folder, "context"),
    store,
    said,
    write,
    build: async (kubefile, options) => {
      write({ Kubefile: kubefile });
      said.length = 0;
      return buildClusterImage(
        {
          context: join(folder, "context"),
          names: ["docker.io/library/built:1"],
          platforms: [hostPlatform],
          images: "skip",
          kind: "application",
          pull: "never",
          trust: noPolicy,
          say: (line) => said.push(line),
          ...options,
        },
        store,
      );
    },
    open,
    files: async (reference) => {
      const image = await open(reference);
      const tree = await image.rootfs(image.platforms[0] ?? hostPlatform);
      return (await describeTree(tree)).map((line) =>
        line.replace(/ (file 644|directory 755) 0:0 0/, (_, what: string) => (what.startsWith("d") ? "/" : "")),
      );
    },
  };
}
