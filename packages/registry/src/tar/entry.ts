import type { FileEntry, FileKind } from "../layers/file-tree.ts";
import { type PathReading, readEntryPath, readLinkPath, readSymlinkText, readText } from "./entry-path.ts";
import type { HeaderBlock } from "./header-block.ts";
import { type PaxRecords, paxAttributes, paxNumber } from "./pax-records.ts";

const kinds: Readonly<Record<string, FileKind>> = {
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

const refusedTypes: Readonly<Record<string, string>> = {
  S: "it is a sparse file in GNU's form",
  M: "it is the rest of a file of another volume",
  V: "it is a volume's name",
  D: "it is a list of a folder's names",
};

/** An entry, or why it can't be one, with its name as far as it could be read. */
export type EntryReading = { readonly entry: FileEntry } | { readonly name: string; readonly refusal: string };

/** Puts an entry together from its block and the extended headers before it: the local one wins over the global, both over the block. */
export function readEntry(header: HeaderBlock, global: PaxRecords, local: PaxRecords): EntryReading {
  const record = (keyword: string): Uint8Array | undefined => {
    const value = local.get(keyword) ?? global.get(keyword);
    return value === undefined || value.length === 0 ? undefined : value;
  };
  const text = readText(record("path") ?? header.name);
  const name = JSON.stringify("path" in text ? text.path : Buffer.from(header.name).toString("latin1"));
  const refuse = (refusal: string): EntryReading => ({ name, refusal });
  if ("refusal" in text) return refuse(text.refusal);
  if (text.path === "") return refuse("it has no name");
  for (const keyword of [...global.keys(), ...local.keys()]) {
    if (keyword.startsWith("GNU.sparse.")) return refuse("it is a sparse file in GNU's form");
  }
  const path = readEntryPath(text.path);
  if ("refusal" in path) return refuse(path.refusal);
  const found = kinds[header.type];
  if (found === undefined) return refuse(refusedTypes[header.type] ?? `it is of the unknown type ${JSON.stringify(header.type)}`);
  // Before POSIX, a folder was a file whose name ends with a slash.
  const kind = found === "file" && text.path.endsWith("/") ? "directory" : found;
  const numbers = { size: header.size, uid: header.uid, gid: header.gid, modified: header.modified };
  for (const [field, keyword] of pairs) {
    const value = record(keyword);
    if (value === undefined) continue;
    const number = paxNumber(value, keyword === "mtime");
    if (number === undefined) return refuse(`its pax header has no number as ${keyword}`);
    numbers[field] = number;
  }
  if (kind !== "file" && numbers.size > 0) return refuse("it has content, but is no file");
  if (path.path === "" && kind !== "directory") return refuse("the root is not a folder");
  const target = readTarget(kind, record("linkpath") ?? header.linkName);
  if (target !== undefined && "refusal" in target) return refuse(target.refusal);
  const attributes = paxAttributes(new Map([...global, ...local]));
  return {
    entry: {
      path: path.path,
      kind,
      // A symlink has none on Linux, and writers differ in what they put there.
      mode: kind === "symlink" ? 0o777 : header.mode & 0o7777,
      ...numbers,
      ...(target === undefined ? {} : { target: target.path }),
      ...(kind === "character-device" || kind === "block-device" ? { device: { major: header.major, minor: header.minor } } : {}),
      ...(attributes === undefined ? {} : { attributes }),
    },
  };
}

const pairs = [
  ["size", "size"],
  ["uid", "uid"],
  ["gid", "gid"],
  ["modified", "mtime"],
] as const;

function readTarget(kind: FileKind, bytes: Uint8Array): PathReading | undefined {
  if (kind !== "hardlink" && kind !== "symlink") return undefined;
  const text = readText(bytes);
  if ("refusal" in text) return { refusal: "its target is not UTF-8" };
  if (text.path === "") return { refusal: "it is a link without a target" };
  const target = kind === "hardlink" ? readLinkPath(text.path) : readSymlinkText(text.path);
  if ("path" in target && target.path === "") return { refusal: "it links to the root" };
  return "refusal" in target && kind === "hardlink" ? { refusal: `it links to ${JSON.stringify(text.path)}, outside the archive` } : target;
}
