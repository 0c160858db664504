import { directoryPiece, type FileTree, foldersTo, piecesOf, type TreeFiles, treeFiles, treeOfPieces } from "@outrigger/registry";
import type { PluginConfig } from "../config/plugin-config.ts";
import { driverErrors } from "../errors.ts";

/** A root filesystem with what its host needs in it. */
export interface PreparedTree {
  readonly tree: FileTree;
  /** Folders that were not there, e.g. `/run/docker/plugins`. */
  readonly added: readonly string[];
}

/**
 * Adds the folders on which an engine mounts something: the socket's, the propagated mount, and those of mounts that are filesystems of their own. Where
 * something of the host is bound, it may be a file; the runtime makes the place itself.
 *
 * @throws rootfs-unusable where such a path is a file, or a link out of nowhere
 */
export function prepareTree(tree: FileTree, config: PluginConfig): PreparedTree {
  const wanted = [
    "/run/docker/plugins",
    ...(config.PropagatedMount.startsWith("/") ? [config.PropagatedMount] : []),
    ...(config.Mounts ?? []).flatMap(({ Type, Options, Destination }) => {
      const binds = Type === "bind" || (Options ?? []).some((option) => option === "bind" || option === "rbind");
      return binds || !Destination.startsWith("/") ? [] : [Destination];
    }),
  ];
  const files = treeFiles(tree);
  const added = [...new Set(wanted)].flatMap((path) => {
    const place = placeOf(files, path);
    return place === undefined ? [] : [{ path, place }];
  });
  if (added.length === 0) return { tree, added: [] };
  const folders = added.map(({ place }) => directoryPiece(place));
  return { tree: treeOfPieces([...piecesOf(tree), ...folders], tree.close), added: added.map(({ path }) => path) };
}

/** Where the missing folder belongs, symlinks on the way followed; undefined where it is there. */
function placeOf(files: TreeFiles, path: string): string | undefined {
  const clean = path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
  if (clean.split("/").includes("..")) throw driverErrors["rootfs-unusable"]({ path, reason: "it has .. in it" });
  let there = "";
  let rest = clean;
  for (const folder of [...foldersTo(clean), clean]) {
    const found = files.follow(folder);
    if (found === undefined && files.at(folder) === undefined) break;
    if (found?.kind !== "directory") throw driverErrors["rootfs-unusable"]({ path, reason: `/${folder} is no folder` });
    there = found.path;
    rest = clean.slice(folder.length + 1);
  }
  return rest === "" ? undefined : [there, rest].filter(Boolean).join("/");
}
