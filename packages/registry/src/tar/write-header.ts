import type { FileEntry, FileKind } from "../layers/file-tree.ts";
import { checksum } from "./header-block.ts";
import { paxRecord } from "./pax-records.ts";

const types: Readonly<Record<FileKind, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

/**
 * An entry's header in its one canonical form: ustar where all of it fits, else a pax header before it. No names of users and groups.
 * The root is `./`, folders end with a slash, nothing begins with one, as in the layers that engines write.
 */
export function writeHeader(entry: FileEntry, modified: number): Buffer {
  const name = entry.kind === "directory" ? `${entry.path === "" ? "." : entry.path}/` : entry.path;
  const target = entry.target ?? "";
  const split = splitName(name);
  const records: Buffer[] = [];
  // Another name of a file has what the file has.
  const attributes = entry.kind === "hardlink" ? {} : (entry.attributes ?? {});
  for (const attribute of Object.keys(attributes).toSorted())
    records.push(paxRecord(`SCHILY.xattr.${attribute}`, attributes[attribute] ?? ""));
  if (entry.gid > 0o7777777) records.push(paxRecord("gid", String(entry.gid)));
  if (!fits(target, 100)) records.push(paxRecord("linkpath", target));
  if (modified < 0 || modified > 0o77777777777) records.push(paxRecord("mtime", String(modified)));
  if (split === undefined) records.push(paxRecord("path", name));
  if (entry.size > 0o77777777777) records.push(paxRecord("size", String(entry.size)));
  if (entry.uid > 0o7777777) records.push(paxRecord("uid", String(entry.uid)));
  const { major = 0, minor = 0 } = entry.device ?? {};
  const block = writeBlock({
    ...entry,
    type: types[entry.kind],
    name: split?.name ?? cut(name, 100),
    prefix: split?.prefix ?? "",
    target: fits(target, 100) ? target : "",
    modified,
    major,
    minor,
  });
  if (records.length === 0) return block;
  const body = Buffer.concat(records);
  const head = writeBlock({
    type: "x",
    name: cut(`PaxHeaders.0/${name.split("/").findLast((step) => step !== "") ?? "."}`, 100),
    prefix: "",
    target: "",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: body.length,
    modified,
    major: 0,
    minor: 0,
  });
  return Buffer.concat([head, body, Buffer.alloc(paddingOf(body.length)), block]);
}

/** Zeros after a content of `size` bytes. */
export function paddingOf(size: number): number {
  return (512 - (size % 512)) % 512;
}

/** Two blocks of zeros. */
export const tarEnd: Buffer = Buffer.alloc(1024);

interface Block {
  readonly type: string;
  readonly name: string;
  readonly prefix: string;
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modified: number;
  readonly major: number;
  readonly minor: number;
}

function writeBlock(entry: Block): Buffer {
  const block = Buffer.alloc(512);
  block.write(entry.name, 0, 100, "utf8");
  octal(block, 100, 8, entry.mode);
  octal(block, 108, 8, entry.uid);
  octal(block, 116, 8, entry.gid);
  octal(block, 124, 12, entry.size);
  octal(block, 136, 12, entry.modified);
  block.write(entry.type, 156, 1, "latin1");
  block.write(entry.target, 157, 100, "utf8");
  block.write("ustar\x0000", 257, 8, "latin1");
  octal(block, 329, 8, entry.major);
  octal(block, 337, 8, entry.minor);
  block.write(entry.prefix, 345, 155, "utf8");
  block.write(`${checksum(block).toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return block;
}

/** What does not fit stands in a pax header, and zero here. */
function octal(block: Buffer, start: number, length: number, value: number): void {
  const digits = value < 0 ? "" : value.toString(8);
  block.write(`${(digits.length < length ? digits : "").padStart(length - 1, "0")}\0`, start, length, "latin1");
}

const ascii = /^[\x20-\x7e]*$/;

function fits(text: string, length: number): boolean {
  return text.length <= length && ascii.test(text);
}

/** The two parts in which ustar keeps a name of up to 256 bytes; undefined when it can't. */
function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (fits(name, 100)) return { name, prefix: "" };
  if (!fits(name, 256)) return undefined;
  const at = name.indexOf("/", name.length - 101);
  if (at < 1 || at > 155 || at === name.length - 1) return undefined;
  return { prefix: name.slice(0, at), name: name.slice(at + 1) };
}

/** As many whole characters as fit. Only a hint beside the pax header. */
function cut(text: string, length: number): string {
  let [end, size] = [0, 0];
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > length) break;
    end += character.length;
  }
  return text.slice(0, end);
}
