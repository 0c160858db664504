import { closeSync, existsSync, fstatSync, globSync, openSync, readFileSync, readSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ElfFile, readElf } from "@outrigger/registry";

/** What a program needs to be started: its dynamic loader and its shared libraries. */
export interface LibraryFiles {
  /** Where the loader must stand, e.g. `/lib64/ld-linux-x86-64.so.2`. Absent for a static program. */
  readonly interpreter?: string | undefined;
  /** Libraries by the names under which the loader looks for them, and where they lie on this machine. */
  readonly libraries: ReadonlyMap<string, string>;
  /** A folder in which the loader looks by itself. */
  readonly libraryFolder: string;
}

export interface ProgramFiles extends LibraryFiles {
  readonly program: ElfFile;
}

/** Reads a program of this machine, and finds its libraries as ld.so(8) would: run paths, /etc/ld.so.conf, the usual folders. @param unusable the error for one that can't be taken */
export function programFiles(path: string, unusable: (reason: string) => Error): ProgramFiles {
  const program = elfAt(path);
  if (program === undefined) throw unusable(existsSync(path) ? "it is no ELF program" : "it is not on this machine");
  if (program.interpreter === undefined) return { program, libraries: new Map(), libraryFolder: "/lib" };
  const libraries = new Map<string, string>();
  const folders = usualFolders(program.interpreter);
  const add = (file: string, elf: ElfFile): void => {
    const own = elf.runpath.map((folder) => folder.replaceAll(/\$(?:ORIGIN|\{ORIGIN\})/g, dirname(realpathSync(file))));
    for (const name of elf.needed) {
      // The loader itself is there already, under the name that the program asks for.
      if (libraries.has(name) || name === basename(program.interpreter ?? "")) continue;
      const found = [...own, ...folders]
        .map((folder) => join(folder, name))
        .find((each) => elfAt(each)?.architecture === program.architecture);
      if (found === undefined) throw unusable(`its library ${name} is not on this machine`);
      libraries.set(name, found);
      const library = elfAt(found);
      if (library !== undefined) add(found, library);
    }
  };
  add(path, program);
  // musl's loader is the C library too, and is named as both.
  const loader = [...libraries].find(([name]) => /^libc\.(?:so\.6|musl-.*)$/.test(name));
  return { program, interpreter: program.interpreter, libraries, libraryFolder: dirname(loader?.[1] ?? program.interpreter) };
}

/** The header of a file of this machine; undefined where there is none, or it is no ELF file. */
export function elfAt(path: string): ElfFile | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, "r");
  try {
    if (!fstatSync(file).isFile()) return undefined;
    return readElf((offset, length) => {
      const bytes = Buffer.alloc(Math.min(length, Math.max(0, fstatSync(file).size - offset)));
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
    });
  } finally {
    closeSync(file);
  }
}

function usualFolders(interpreter: string): readonly string[] {
  const usual = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", dirname(interpreter)];
  return [...configured("/etc/ld.so.conf", 0), ...(interpreter.includes("ld-musl") ? ["/usr/local/lib"] : []), ...usual];
}

/** The folders of ld.so.conf, with what it includes. */
function configured(file: string, depth: number): readonly string[] {
  if (depth > 8 || !existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .flatMap((line) => {
      const [, pattern] = /^include\s+(.*)$/.exec(line) ?? [];
      if (pattern === undefined) return line.startsWith("/") ? [line] : [];
      return globSync(pattern.startsWith("/") ? pattern : join(dirname(file), pattern))
        .toSorted()
        .flatMap((each) => configured(each, depth + 1));
    });
}
