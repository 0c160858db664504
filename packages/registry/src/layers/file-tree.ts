/** What a file is. A `hardlink` is another name of a file that stands in the same tree. */
export type FileKind = "file" | "directory" | "symlink" | "hardlink" | "character-device" | "block-device" | "fifo";

/** One file of a root filesystem. */
export interface FileEntry {
  /** Relative, without `./`, `..` or a slash at either end: `usr/bin/node`; the root itself is `""`. */
  readonly path: string;
  readonly kind: FileKind;
  /** Permissions with setuid, setgid and sticky: 0o0000 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the content in bytes; 0 for all but files. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** The text of a symlink, or the path of the file that a hard link names. */
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Extended attributes by their full name, e.g. `security.capability`. */
  readonly attributes?: Readonly<Record<string, Uint8Array>>;
}

/**
 * A root filesystem that can be read more than once: a folder, a tar, squashed layers. Entries are sorted by path (bytes), so a folder stands before what it
 * holds; every folder on the way is an entry. A hard link's target is a `file` entry, whatever the order.
 */
export interface FileTree {
  readonly entries: readonly FileEntry[];
  /** The content of a `file` entry of this tree. */
  readonly content: (entry: FileEntry) => AsyncIterable<Uint8Array>;
  /** The same without waiting, where the content lies on this machine: a piece is good until anybody asks for the next one, of any file. Writers of layers are fast by it. */
  readonly contentSync?: (entry: FileEntry) => Iterable<Uint8Array>;
  /** Paths of folders that the source does not name, but needs for what lies in them: in a layer they say nothing of the folder below. */
  readonly implied?: ReadonlySet<string>;
  /** Frees what the tree holds (temporary files). */
  readonly close: () => Promise<void>;
}
