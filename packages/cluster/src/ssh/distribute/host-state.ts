/** A file as a host lists it. Paths and targets are bytes, one sign each (latin1), for a host's names need not be UTF-8. */
export interface HostFile {
  /** As `find` names types: `f`, `d`, `l`, others. */
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Whole seconds. */
  readonly modified: number;
  readonly inode: string;
  readonly target: string;
  /** SHA-256 of a file's content, in hex. */
  readonly digest: string | undefined;
}

export type HostFiles = ReadonlyMap<string, HostFile>;

/** What a host has of a tree. */
export interface HostState {
  /** Undefined where there is no folder. */
  readonly folder: HostFiles | undefined;
  /** Sent before, and not yet in its place. */
  readonly staged: HostFiles;
  /** Large files, whole or begun, by the digest of the whole. */
  readonly large: ReadonlyMap<string, { readonly size: number; readonly digest: string }>;
}

/** Begins a section of what {@link listFunctions} print. */
const sectionMark = "\u001d";

/** Bash functions that print a folder's files with their digests, all parts ended by NUL. */
export const listFunctions: string = `# openssl has the processor's instructions for it, which coreutils need not have; but only the latter can end names with NUL.
digests() {
  local odd
  odd=$(find . -type f -name $'*\\n*' -print -quit)
  if [[ -z $odd ]] && hash openssl 2>/dev/null; then
    find . -type f -print0 | xargs -0 -r openssl dgst -sha256 -r -- | tr '\\n' '\\0'
  else
    find . -type f -print0 | xargs -0 -r sha256sum -z --
  fi
}
list() {
  printf '${sectionMark}%s\\0' "$1"
  cd -- "$2" 2>/dev/null || return 0
  find . -printf '%y %m %U %G %s %T@ %i\\0%P\\0%l\\0'
  printf '${sectionMark}digests\\0'
  digests
}
`;

/** Reads what `list folder`, `list staged` and `list large` have printed. */
export function readHostState(printed: Uint8Array): HostState {
  const parts = Buffer.from(printed).toString("latin1").split("\0");
  const sections = new Map<string, Map<string, HostFile>>();
  let current = new Map<string, HostFile>();
  for (let at = 0; at < parts.length - 1; ) {
    const part = parts[at] ?? "";
    if (part === `${sectionMark}digests`) {
      for (at += 1; at < parts.length - 1 && parts[at]?.startsWith(sectionMark) === false; at += 1) addDigest(current, parts[at] ?? "");
    } else if (part.startsWith(sectionMark)) {
      current = new Map();
      sections.set(part.slice(1), current);
      at += 1;
    } else {
      const [type = "", mode = "", uid, gid, size, modified, inode = ""] = part.split(" ");
      const numbers = { mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid), size: Number(size) };
      const rest = { modified: Math.floor(Number(modified)), inode, target: parts[at + 2] ?? "", digest: undefined };
      current.set(parts[at + 1] ?? "", { type, ...numbers, ...rest });
      at += 3;
    }
  }
  const folder = sections.get("folder");
  const large = [...(sections.get("large") ?? [])].flatMap(([name, { size, digest }]) =>
    digest === undefined ? [] : [[name, { size, digest }] as const],
  );
  return { folder: folder?.size === 0 ? undefined : folder, staged: sections.get("staged") ?? new Map(), large: new Map(large) };
}

/** `HASH *./path` of openssl, `HASH  ./path` of sha256sum. */
function addDigest(files: Map<string, HostFile>, line: string): void {
  const path = line.slice(68);
  const file = files.get(path);
  if (file !== undefined && /^[0-9a-f]{64} [ *]\.\/$/.test(line.slice(0, 68))) files.set(path, { ...file, digest: line.slice(0, 64) });
}
