import type { FileTree } from "@outrigger/registry";
import { clusterErrors } from "../errors.ts";
import type { ConfigDocument } from "../model/config-document.ts";

export interface ConfiguredTree {
  /** Closing it does not close the tree it was made of. */
  readonly tree: FileTree;
  /** One sentence each: keys of a `merge` that the file does not have. */
  readonly notes: readonly string[];
}

/**
 * A rootfs with Config documents written into it and `*.tmpl` of etc/, charts/ and manifests/ filled in.
 * @param env the host's variables
 * @throws config-invalid, template-invalid
 */
export async function applyConfigs(
  tree: FileTree,
  configs: readonly ConfigDocument[],
  env: Readonly<Record<string, string>>,
): Promise<ConfiguredTree> {
  throw clusterErrors["not-built"]({ what: `applyConfigs ${tree.entries.length} ${configs.length} ${Object.keys(env).length}` });
}
