/** What is read of an ELF file (System V ABI, gABI chapters 4 and 5). */
export interface ElfFile {
  /** As Go names it, e.g. `amd64`; `machine 7` for one without a name here. */
  readonly architecture: string;
  /** The dynamic loader; absent for static programs. */
  readonly interpreter?: string;
  /** Shared libraries by their names. */
  readonly needed: readonly string[];
  /** Folders in which the libraries are looked for first; may begin with $ORIGIN. */
  readonly runpath: readonly string[];
}

/** Gives up to `length` bytes from `offset`; fewer at the file's end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const machines: Readonly<Record<number, string>> = {
  3: "386",
  8: "mips",
  21: "ppc64le",
  22: "s390x",
  40: "arm",
  62: "amd64",
  183: "arm64",
  243: "riscv64",
  258: "loong64",
};
const [loadable, dynamic, interpreter] = [1, 2, 3];
const tags = { needed: 1, stringTable: 5, stringSize: 10, rpath: 15, runpath: 29 };

/** Reads a program's or library's header; undefined for what is no ELF file, or is cut off before its program headers end. */
export function readElf(read: ReadAt): ElfFile | undefined {
  const head = read(0, 64);
  if (head.length < 52 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46) return undefined;
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const view = viewOf(head);
  const word = (at: DataView, offset: number): number => (wide ? Number(at.getBigUint64(offset, little)) : at.getUint32(offset, little));
  const architecture = machines[view.getUint16(18, little)] ?? `machine ${view.getUint16(18, little)}`;
  if (wide && head.length < 64) return undefined;
  const [start, size, count] = [word(view, wide ? 32 : 28), view.getUint16(wide ? 54 : 42, little), view.getUint16(wide ? 56 : 44, little)];
  const table = read(start, size * count);
  if (table.length < size * count || size < (wide ? 56 : 32)) return undefined;
  const segments = Array.from({ length: count }, (_, index): Segment => {
    const at = viewOf(table.subarray(index * size));
    return {
      type: at.getUint32(0, little),
      offset: word(at, wide ? 8 : 4),
      address: word(at, wide ? 16 : 8),
      size: word(at, wide ? 32 : 16),
    };
  });
  const loader = segments.find(({ type }) => type === interpreter);
  const listed = segments.find(({ type }) => type === dynamic);
  const libraries = listed === undefined ? { needed: [], runpath: [] } : readDynamic(read, segments, listed, wide, word, little);
  return { architecture, ...(loader === undefined ? {} : { interpreter: textAt(read(loader.offset, loader.size), 0) }), ...libraries };
}

function readDynamic(
  read: ReadAt,
  segments: readonly Segment[],
  listed: Segment,
  wide: boolean,
  word: (at: DataView, offset: number) => number,
  little: boolean,
): Pick<ElfFile, "needed" | "runpath"> {
  const bytes = read(listed.offset, listed.size);
  const step = wide ? 16 : 8;
  const entries = Array.from({ length: Math.floor(bytes.length / step) }, (_, index) => {
    const at = viewOf(bytes.subarray(index * step));
    return { tag: wide ? Number(at.getBigInt64(0, little)) : at.getInt32(0, little), value: word(at, step / 2) };
  });
  const entryOf = (wanted: number): number | undefined => entries.find(({ tag }) => tag === wanted)?.value;
  const address = entryOf(tags.stringTable) ?? 0;
  const holder = segments.find((each) => each.type === loadable && address >= each.address && address < each.address + each.size);
  if (holder === undefined) return { needed: [], runpath: [] };
  const names = read(address - holder.address + holder.offset, entryOf(tags.stringSize) ?? 0);
  const folders = entryOf(tags.runpath) ?? entryOf(tags.rpath);
  return {
    needed: entries.filter(({ tag }) => tag === tags.needed).map(({ value }) => textAt(names, value)),
    runpath: folders === undefined ? [] : textAt(names, folders).split(":").filter(Boolean),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textAt(bytes: Uint8Array, start: number): string {
  const end = bytes.indexOf(0, start);
  return Buffer.from(bytes.subarray(start, end < 0 ? bytes.length : end)).toString("latin1");
}
