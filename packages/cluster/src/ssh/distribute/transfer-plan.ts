import type { FileEntry } from "@outrigger/registry";
import type { HostFile, HostFiles, HostState } from "./host-state.ts";
import type { PathCommand } from "./path-lists.ts";
import type { TreeIndex } from "./tree-index.ts";

/** Files from this size on go on where they stopped when a transfer is interrupted. */
export const largeSize: number = 8 * 2 ** 20;

/** A file that is sent by itself, once for all paths that have its content. */
export interface LargeFile {
  readonly entry: FileEntry;
  readonly digest: string;
  /** What the host says that it has of it; to be compared with as much of the file before it is trusted. */
  readonly begun: { readonly size: number; readonly digest: string } | undefined;
}

/** What makes a host's folder hold exactly a tree. Pure. */
export interface TransferPlan {
  /** The folder is not there: what is staged becomes it, as it is. */
  readonly fresh: boolean;
  /** Taken out of what is staged before anything is sent. */
  readonly unstage: readonly PathCommand[];
  /** Entries that go to the staging folder in one tar. */
  readonly entries: readonly FileEntry[];
  readonly large: readonly LargeFile[];
  /** Large files' places: path to digest. */
  readonly places: ReadonlyMap<string, string>;
  /** In the folder, after all has arrived and was checked: before large files come to their places, and after it. Of a fresh one, in what is staged. */
  readonly changes: readonly PathCommand[];
  readonly links: readonly PathCommand[];
  /** Bytes of contents that are sent, if nothing of what is begun can be used. */
  readonly bytes: number;
}

export function bytesOfPath(path: string): string {
  return Buffer.from(path).toString("latin1");
}

function textOfPath(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

export function transferPlan(index: TreeIndex, state: HostState): TransferPlan {
  const { entries } = index.tree;
  const fresh = state.folder === undefined;
  const there: HostFiles = state.folder ?? new Map();
  const shared = sharedFiles(index, there);
  const missing = entries.filter(
    (entry) => isSent(entry) && (shared.has(entry) || !isSame(index, entry, there.get(bytesOfPath(entry.path)))),
  );
  const isLarge = (entry: FileEntry): boolean => entry.kind === "file" && entry.size >= largeSize && entry.attributes === undefined;
  const places = new Map(missing.filter(isLarge).map(({ path }) => [path, index.digests.get(path) ?? ""]));
  const small = missing.filter((entry) => !isLarge(entry));
  const staged = new Set(small.filter((entry) => isSameWhole(index, entry, state.staged.get(bytesOfPath(entry.path)))));
  const replaced = new Set(missing.map(({ path }) => path));
  const links = entries.filter((entry) => entry.kind === "hardlink" && (replaced.has(entry.target ?? "") || !isLinked(entry, there)));
  // A folder's own times change with what is put into it: in a tar it stands before that, and tar sets them last.
  const folders = fresh ? entries.filter(({ kind }) => kind === "directory") : foldersOf(small, index);
  const large = largeFiles(index, places, state);
  const wrong = [...state.staged.keys()].filter((path) => path !== "" && !isStagedRight(index, path, state.staged, staged));
  const sent = small.filter((entry) => !staged.has(entry));
  return {
    fresh,
    unstage: wrong.length === 0 ? [] : [{ words: ["rm", "-rf"], paths: outermost(wrong) }],
    entries: [...folders, ...sent],
    large,
    places,
    changes: fresh ? [] : changes(index, there, missing, small),
    links: linkCommands(links),
    bytes: [...sent, ...large.map(({ entry }) => entry)].reduce((sum, { size }) => sum + size, 0),
  };
}

/** Files of the tree that are one file on the host: what mends one would change the other. */
function sharedFiles(index: TreeIndex, there: HostFiles): ReadonlySet<FileEntry> {
  const files = index.tree.entries.filter(({ kind, path }) => kind === "file" && there.has(bytesOfPath(path)));
  const groups = Map.groupBy(files, ({ path }) => there.get(bytesOfPath(path))?.inode);
  return new Set([...groups.values()].filter((group) => group.length > 1).flat());
}

function isSent({ kind }: FileEntry): boolean {
  return kind === "file" || kind === "symlink";
}

/** The same kind and content; modes, owners and times are mended in place. Nothing says whether attributes are right, so a file with some is sent. */
function isSame(index: TreeIndex, entry: FileEntry, found: HostFile | undefined): boolean {
  if (found === undefined || entry.attributes !== undefined) return false;
  if (entry.kind === "symlink") return found.type === "l" && found.target === bytesOfPath(entry.target ?? "");
  return found.type === "f" && found.size === entry.size && found.digest === index.digests.get(entry.path);
}

function isSameWhole(index: TreeIndex, entry: FileEntry, found: HostFile | undefined): boolean {
  return (
    isSame(index, entry, found) && found !== undefined && sameOwner(entry, found) && (entry.kind === "symlink" || sameRest(entry, found))
  );
}

function sameOwner(entry: FileEntry, found: HostFile): boolean {
  return entry.uid === found.uid && entry.gid === found.gid;
}

function sameRest(entry: FileEntry, found: HostFile): boolean {
  return entry.mode === found.mode && entry.modified === found.modified;
}

/** What is staged and stays so: files that are not sent again, and folders. */
function isStagedRight(index: TreeIndex, path: string, files: HostFiles, kept: ReadonlySet<FileEntry>): boolean {
  const entry = index.byPath.get(textOfPath(path));
  if (entry === undefined || bytesOfPath(entry.path) !== path) return false;
  if (entry.kind === "directory") return files.get(path)?.type === "d";
  return kept.has(entry);
}

function isLinked(entry: FileEntry, files: HostFiles): boolean {
  const [one, other] = [files.get(bytesOfPath(entry.path)), files.get(bytesOfPath(entry.target ?? ""))];
  return one !== undefined && other !== undefined && one.inode === other.inode;
}

/** The folders that these entries lie in. */
function foldersOf(entries: readonly FileEntry[], index: TreeIndex): readonly FileEntry[] {
  const paths = new Set<string>([""]);
  for (const { path } of entries) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) paths.add(path.slice(0, at));
  }
  return index.tree.entries.filter(({ path }) => paths.has(path));
}

function largeFiles(index: TreeIndex, places: ReadonlyMap<string, string>, state: HostState): readonly LargeFile[] {
  const first = new Map<string, FileEntry>();
  for (const [path, digest] of places) {
    const entry = index.byPath.get(path);
    if (entry !== undefined && !first.has(digest)) first.set(digest, entry);
  }
  return [...first].map(([digest, entry]) => ({ entry, digest, begun: state.large.get(digest) }));
}

/** Of paths that lie in each other only the outer ones. */
function outermost(paths: readonly string[]): readonly string[] {
  const all = new Set(paths);
  return paths.filter((path) => {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) if (all.has(path.slice(0, at))) return false;
    return true;
  });
}

/** Commands that turn what is there into the tree: away with what is too much, folders, staged files to their places, then modes, owners and times. */
function changes(index: TreeIndex, there: HostFiles, missing: readonly FileEntry[], small: readonly FileEntry[]): readonly PathCommand[] {
  const wanted = new Map(index.tree.entries.map((entry) => [bytesOfPath(entry.path), entry]));
  const wrong = [...there].filter(([path, { type }]) => path !== "" && !isKind(wanted.get(path), type)).map(([path]) => path);
  const gone = new Set(wrong);
  const moved = new Set(missing.map(({ path }) => bytesOfPath(path)));
  const present = (path: string): boolean => there.has(path) && !gone.has(path);
  const folders = [...wanted].filter(([path, { kind }]) => kind === "directory" && !present(path)).map(([path]) => path);
  const byFolder = Map.groupBy(
    small.map(({ path }) => bytesOfPath(path)),
    (path) => path.slice(0, Math.max(0, path.lastIndexOf("/"))),
  );
  const mend = (word: string, value: (entry: FileEntry) => string, differs: (entry: FileEntry, found: HostFile) => boolean) => {
    const paths = [...wanted].filter(([path, entry]) => {
      const found = present(path) ? there.get(path) : undefined;
      if (found === undefined) return entry.kind === "directory";
      return entry.kind !== "hardlink" && !moved.has(path) && differs(entry, found);
    });
    return [...Map.groupBy(paths, ([, entry]) => value(entry))].map(([words, group]) => ({
      words: [...word.split(" "), words],
      paths: group.map(([path]) => path),
    }));
  };
  const commands: readonly PathCommand[] = [
    { words: ["rm", "-rf"], paths: outermost(wrong) },
    { words: ["mkdir"], paths: folders },
    ...[...byFolder].map(([folder, paths]) => ({ words: ["mv", "-f"], paths, into: textOfPath(folder) })),
    // Owners before modes: a change of the owner takes setuid away.
    ...mend(
      "chown -h",
      ({ uid, gid }) => `${uid}:${gid}`,
      (entry, found) => !sameOwner(entry, found),
    ),
    ...mend(
      "chmod",
      ({ mode }) => mode.toString(8).padStart(5, "0"),
      (entry, found) => entry.kind !== "symlink" && (entry.mode !== found.mode || !sameOwner(entry, found)),
    ),
    ...mend(
      "touch -d",
      ({ modified }) => `@${modified}`,
      (entry, found) => entry.kind === "file" && entry.modified !== found.modified,
    ),
  ];
  return commands.filter(({ paths }) => paths.length > 0);
}

/** Whether what is there can stay and be mended or replaced in one step. */
function isKind(entry: FileEntry | undefined, type: string): boolean {
  if (entry === undefined) return false;
  return entry.kind === "directory" ? type === "d" : type !== "d";
}

function linkCommands(links: readonly FileEntry[]): readonly PathCommand[] {
  return [...Map.groupBy(links, ({ target = "" }) => target)].flatMap(([target, group]) =>
    group.map(({ path }) => ({ words: ["ln", "-f", "-T", `./${target}`], paths: [bytesOfPath(path)] })),
  );
}
