import type { FileEntry, FileTree } from "@outrigger/registry";

/** A text file that goes over a tree. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

type Entries = ReadonlyMap<string, FileEntry>;

/** Larger than any configuration; what is larger is no text. */
const largestText = 16 * 1024 * 1024;

/** The text of a file or hard link; undefined where it is none (a link, not UTF-8, too large). */
export async function readText(tree: FileTree, entry: FileEntry, entries: Entries): Promise<string | undefined> {
  const file = entry.kind === "hardlink" ? entries.get(entry.target ?? "") : entry;
  if (file?.kind !== "file" || file.size > largestText) return undefined;
  const bytes = Buffer.concat(await Array.fromAsync(tree.content(file)));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Why no file can be written at a path. Links are not followed: an image could lead out of the rootfs by one. */
export function obstacleTo(path: string, entries: Entries): string | undefined {
  const kind = entries.get(path)?.kind;
  if (kind !== undefined && kind !== "file" && kind !== "hardlink") return `${path} is there and is a ${kind}`;
  const parent = parentsOf(path).find((each) => (entries.get(each)?.kind ?? "directory") !== "directory");
  return parent === undefined ? undefined : `${parent}, in which it lies, is a ${entries.get(parent)?.kind}`;
}

/** Files as a layer; its folders say nothing of those below. */
export function overlayTree(files: readonly WrittenFile[]): FileTree {
  const contents = new Map(files.map(({ path, text }) => [path, Buffer.from(text)]));
  const folders = new Set(["", ...files.flatMap(({ path }) => parentsOf(path))]);
  const entries = [
    ...[...folders].map((path): FileEntry => ({ path, kind: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, modified: 0 })),
    ...files.map(
      ({ path, mode, uid, gid }): FileEntry => ({ path, kind: "file", mode, uid, gid, size: contents.get(path)?.length ?? 0, modified: 0 }),
    ),
  ];
  const contentOf = (entry: FileEntry): Buffer => contents.get(entry.path) ?? Buffer.alloc(0);
  return {
    entries: entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))),
    implied: folders,
    content: async function* (entry) {
      yield contentOf(entry);
    },
    contentSync: function* (entry) {
      yield contentOf(entry);
    },
    close: async () => {},
  };
}

function parentsOf(path: string): readonly string[] {
  const steps = path.split("/").slice(0, -1);
  return steps.map((_, index) => steps.slice(0, index + 1).join("/"));
}
