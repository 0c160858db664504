import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { registryErrors } from "../errors.ts";
import { writeAttributes } from "./attributes.ts";
import type { FileEntry, FileKind } from "./file-tree.ts";
import { parentOf } from "./path-order.ts";

export interface DiskWriterOptions {
  /** For messages. */
  readonly name: string;
  /** `keep`: files belong to whom the archive says, which needs root; `mine`: to whoever runs this. Default: `keep` for root. */
  readonly owner?: "keep" | "mine";
  /** `leave` (default) leaves devices out, since a runtime makes those that a container has; `make` makes them, which needs root. */
  readonly devices?: "leave" | "make";
}

export interface Unpacked {
  readonly entries: number;
  /** Of all contents. */
  readonly bytes: number;
  /** Paths of devices that were left out. */
  readonly leftOut: readonly string[];
}

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Makes files in a new or empty folder, one after the other. What lies where is known from what was made, so nothing on the disk is looked up or followed:
 * a path through anything but a folder is refused. Folders are closed to others until {@link finish}.
 */
export class DiskWriter {
  readonly #root: string;
  readonly #options: DiskWriterOptions;
  readonly #keepOwner: boolean;
  readonly #made: Map<string, FileKind> = new Map();
  readonly #folders: Map<string, FileEntry | undefined> = new Map();
  readonly #attributes: Map<string, Readonly<Record<string, Uint8Array>>> = new Map();
  readonly #leftOut: Set<string> = new Set();
  #open: { readonly entry: FileEntry; readonly file: number } | undefined;
  #bytes = 0;

  constructor(root: string, options: DiskWriterOptions) {
    this.#root = root;
    this.#options = options;
    this.#keepOwner = (options.owner ?? (process.geteuid?.() === 0 ? "keep" : "mine")) === "keep";
    mkdirSync(root, { recursive: true, mode: 0o700 });
    if (readdirSync(root).length > 0) throw registryErrors["folder-not-empty"]({ folder: root });
    chmodSync(root, 0o700);
    this.#made.set("", "directory");
    this.#folders.set("", undefined);
  }

  /** Makes what an entry says, instead of what has its name already; the content of a file follows by {@link data}. */
  entry(entry: FileEntry): void {
    const { path, kind } = entry;
    this.#makeFolder(parentOf(path), path);
    const there = this.#made.get(path);
    if (kind === "directory" && there === "directory") {
      this.#folders.set(path, entry);
      return;
    }
    const linked = kind === "hardlink" ? this.#linkTarget(entry) : undefined;
    if (linked === path) return;
    if (there === "directory") throw this.#invalid(path, "it stands where the archive has a folder");
    if (there !== undefined) rmSync(this.#place(path), { force: true });
    this.#attributes.delete(path);
    this.#leftOut.delete(path);
    this.#make(entry, linked);
  }

  /** Writes a piece of the last file's content. */
  data(piece: Uint8Array): void {
    if (this.#open === undefined) return;
    const { file } = this.#open;
    for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at, piece.length - at);
    this.#bytes += piece.length;
  }

  /** The last file's content is whole. */
  end(): void {
    if (this.#open === undefined) return;
    const { entry, file } = this.#open;
    this.#open = undefined;
    try {
      // The owner first: a change of it takes setuid away.
      if (this.#keepOwner) fchownSync(file, entry.uid, entry.gid);
      fchmodSync(file, entry.mode);
      futimesSync(file, entry.modified, entry.modified);
    } finally {
      closeSync(file);
    }
  }

  /** Extended attributes, then the folders' own modes and times, the deepest first. @throws attributes-tool-missing */
  async finish(): Promise<Unpacked> {
    await writeAttributes(this.#root, this.#attributes);
    for (const [path, entry] of [...this.#folders].toReversed()) {
      const place = this.#place(path);
      if (this.#keepOwner) lchownSync(place, entry?.uid ?? 0, entry?.gid ?? 0);
      chmodSync(place, entry?.mode ?? 0o755);
      utimesSync(place, entry?.modified ?? 0, entry?.modified ?? 0);
    }
    return { entries: this.#made.size - this.#leftOut.size, bytes: this.#bytes, leftOut: [...this.#leftOut] };
  }

  /** Closes an open file and removes all that was made, after a failure. */
  abandon(): void {
    if (this.#open !== undefined) closeSync(this.#open.file);
    this.#open = undefined;
    for (const name of readdirSync(this.#root)) rmSync(`${this.#root}/${name}`, { recursive: true, force: true });
  }

  #place(path: string): string {
    return path === "" ? this.#root : `${this.#root}/${path}`;
  }

  #make(entry: FileEntry, linked: string | undefined): void {
    const { path, kind } = entry;
    const place = this.#place(path);
    switch (kind) {
      case "file":
        this.#open = { entry, file: openSync(place, create, 0o600) };
        break;
      case "directory":
        mkdirSync(place, 0o700);
        this.#folders.set(path, entry);
        break;
      case "symlink":
        symlinkSync(entry.target ?? "", place);
        if (this.#keepOwner) lchownSync(place, entry.uid, entry.gid);
        lutimesSync(place, entry.modified, entry.modified);
        break;
      case "hardlink":
        linkSync(this.#place(linked ?? ""), place);
        this.#made.set(path, this.#made.get(linked ?? "") ?? "file");
        return;
      case "fifo":
      case "character-device":
      case "block-device":
        this.#makeSpecial(entry, place);
        break;
    }
    this.#made.set(path, kind);
    if (entry.attributes !== undefined && this.#keepOwner) this.#attributes.set(path, entry.attributes);
  }

  /** By `mknod`, for which Node.js has no call. */
  #makeSpecial(entry: FileEntry, place: string): void {
    if (entry.kind !== "fifo" && this.#options.devices !== "make") {
      this.#leftOut.add(entry.path);
      return;
    }
    const type = entry.kind === "fifo" ? "p" : entry.kind === "block-device" ? "b" : "c";
    const number = entry.device === undefined ? [] : [String(entry.device.major), String(entry.device.minor)];
    execFileSync("mknod", ["-m", "600", "--", place, type, ...(type === "p" ? [] : number)], { stdio: "pipe" });
    if (this.#keepOwner) lchownSync(place, entry.uid, entry.gid);
    chmodSync(place, entry.mode);
    utimesSync(place, entry.modified, entry.modified);
  }

  #linkTarget(entry: FileEntry): string {
    const target = entry.target ?? "";
    const kind = this.#made.get(target);
    if (kind === undefined) throw this.#invalid(entry.path, `it links to ${JSON.stringify(target)}, which is not in the archive before it`);
    if (kind === "directory") throw this.#invalid(entry.path, "it is a hard link to a folder");
    if (this.#leftOut.has(target)) throw this.#invalid(entry.path, "it is a hard link to a device");
    return target;
  }

  #makeFolder(path: string, of: string): void {
    const kind = this.#made.get(path);
    if (kind === "directory") return;
    if (kind !== undefined) throw this.#invalid(of, `it lies in ${JSON.stringify(path)}, which is no folder there`);
    this.#makeFolder(parentOf(path), of);
    mkdirSync(this.#place(path), 0o700);
    this.#made.set(path, "directory");
    this.#folders.set(path, undefined);
  }

  #invalid(path: string, reason: string): Error {
    return registryErrors["archive-invalid"]({ archive: this.#options.name, entry: JSON.stringify(path), reason });
  }
}
