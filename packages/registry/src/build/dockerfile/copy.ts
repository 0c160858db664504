import { posix } from "node:path";
import type { FileEntry, FileTree } from "../../layers/file-tree.ts";
import { treeOfTar } from "../../layers/tar-tree.ts";
import { directoryPiece, type Piece, pieceOf } from "../pieces.ts";
import { type TreeFiles, treeFiles } from "../tree-files.ts";
import type { StageTree } from "./stage-tree.ts";

export interface CopyRequest {
  readonly from: FileTree;
  readonly sources: readonly string[];
  /** Absolute; with a slash at its end it is a folder. */
  readonly destination: string;
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly mode?: number;
  /** ADD: tars are unpacked. Their trees are put here, and must stay open as long as the stage. */
  readonly unpackInto?: FileTree[];
}

/** What went wrong, in words. */
export type Refusal = { readonly refusal: string };

/** Carries out COPY or ADD of local files. @returns what is wrong, with nothing more copied from there on */
export async function copyInto(stage: StageTree, request: CopyRequest): Promise<Refusal | undefined> {
  const files = treeFiles(request.from);
  const found: Match[] = [];
  for (const source of request.sources) {
    const matches = matchesOf(files, source);
    if (matches.length === 0) return { refusal: `there is no ${source}` };
    found.push(...matches);
  }
  const isFolder = /(?:^|\/)\.?$/.test(request.destination);
  if (found.length > 1 && !isFolder) return { refusal: `several files need a folder, so ${request.destination} must end with a slash` };
  const target = stage.resolve(request.destination);
  for (const { name, entry } of found) {
    const archive = request.unpackInto !== undefined && entry.kind === "file" ? await archiveOf(request.from, entry) : undefined;
    if (archive !== undefined) request.unpackInto?.push(archive);
    const refusal =
      archive !== undefined
        ? putAll(stage, archive, "", target, request, true)
        : entry.kind === "directory"
          ? putAll(stage, request.from, entry.path, target, request, false)
          : putOne(
              stage,
              pieceOf(request.from, entry),
              isFolder || stage.at(target)?.kind === "directory" ? within(target, posix.basename(name)) : target,
              request,
            );
    if (refusal !== undefined) return { refusal };
  }
  return undefined;
}

interface Match {
  /** As it was named: a symlink's name, where the entry is what it leads to. */
  readonly name: string;
  readonly entry: FileEntry;
}

/** Entries that a path or pattern names; the path's own symlinks are followed. */
function matchesOf(files: TreeFiles, source: string): readonly Match[] {
  const clean = posix.normalize(`/${source}`).replace(/^\/+|\/+$/g, "");
  const names = /[*?[\\]/.test(clean)
    ? files.tree.entries.map(({ path }) => path).filter((path) => path !== "" && matchesGlob(path, clean))
    : [clean];
  return names.flatMap((name) => {
    const entry = name === "" ? files.tree.entries[0] : files.follow(name);
    return entry === undefined ? [] : [{ name, entry }];
  });
}

/** Go's filepath.Match: `*` and `?` stop at slashes, `[a-z]` and `[^a-z]` are one letter. */
export function matchesGlob(path: string, pattern: string): boolean {
  const source = pattern.replace(/\\(.)|\*+|\?|\[\^?(?:\\.|[^\]\\])+\]|[.+^${}()|[\]\\/]/g, (token, escaped: string | undefined) => {
    if (escaped !== undefined) return /\w|\s/.test(escaped) ? escaped : `\\${escaped}`;
    if (token.startsWith("*")) return "[^/]*";
    if (token === "?") return "[^/]";
    return token.length > 2 && token.startsWith("[") ? token : `\\${token}`;
  });
  try {
    return new RegExp(`^${source}$`, "su").test(path);
  } catch {
    return false;
  }
}

function putAll(
  stage: StageTree,
  from: FileTree,
  folder: string,
  target: string,
  request: CopyRequest,
  keepOwner: boolean,
): string | undefined {
  const start = folder === "" ? "" : `${folder}/`;
  // The folder itself is made anew, as BuildKit does: its permissions are not taken over, nor what a tar says of its root.
  const { uid, gid } = keepOwner ? { uid: 0, gid: 0 } : request.owner;
  const top = directoryPiece(target);
  const root = stage.put({ entry: { ...top.entry, uid, gid } }, { uid, gid });
  if (target !== "" && root !== undefined) return root;
  const placed = new Map<string, string>();
  for (const entry of from.entries) {
    if (entry.path === folder || !entry.path.startsWith(start)) continue;
    const path = stage.resolve(within(target, entry.path.slice(start.length)), entry.kind === "directory");
    placed.set(entry.path, path);
    const refusal = stage.put(owned(unlinked(from, entry, path, placed), request, keepOwner), { uid, gid });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function putOne(stage: StageTree, piece: Piece, path: string, request: CopyRequest): string | undefined {
  return stage.put(owned({ ...piece, entry: { ...piece.entry, path: stage.resolve(path) } }, request, false), request.owner);
}

/** A hard link stays one where the file it names came before it; else it becomes that file. */
function unlinked(from: FileTree, entry: FileEntry, path: string, placed: Map<string, string>): Piece {
  if (entry.kind !== "hardlink") return { ...pieceOf(from, entry), entry: { ...entry, path } };
  const target = placed.get(entry.target ?? "");
  if (target !== undefined) return { entry: { ...entry, path, target } };
  const file = from.entries.find((each) => each.path === entry.target && each.kind === "file");
  if (file === undefined) return { entry: { ...entry, path } };
  placed.set(file.path, path);
  return { ...pieceOf(from, file), entry: { ...file, path } };
}

function owned(piece: Piece, { owner, mode }: CopyRequest, keepOwner: boolean): Piece {
  const wanted = mode === undefined || piece.entry.kind === "symlink" ? piece.entry.mode : mode;
  return { ...piece, entry: { ...piece.entry, ...(keepOwner ? {} : owner), mode: wanted } };
}

function within(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** The tree of a tar, plain or compressed; undefined for any other file. */
async function archiveOf(from: FileTree, entry: FileEntry): Promise<FileTree | undefined> {
  if (!/\.(?:tar|tgz|tar\.(?:gz|zst))$/.test(entry.path)) return undefined;
  return treeOfTar(from.content(entry), { name: entry.path });
}
