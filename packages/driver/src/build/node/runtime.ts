import { execFile } from "node:child_process";
import { closeSync, createReadStream, mkdtempSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { directoryPiece, filePiece, type Piece } from "@outrigger/registry";
import { driverErrors } from "../../errors.ts";
import { type LibraryFiles, programFiles } from "./libraries.ts";

export interface NodeRuntimeOptions {
  /** The Node program; default: the one that runs this. */
  readonly binary?: string;
  /** Leaves symbols away where binutils is there: they are a fifth of the program. Default: true. */
  readonly strip?: boolean;
}

export interface NodeRuntime {
  readonly pieces: readonly Piece[];
  /** As Go names it. */
  readonly architecture: string;
  readonly stripped: boolean;
  readonly close: () => Promise<void>;
}

const run = promisify(execFile);

/**
 * The least root filesystem in which Node runs: /node, its loader and libraries, /tmp, a root user and where names are looked for. No shell, and no
 * certificates: Node brings its own. @throws node-unusable
 */
export async function nodeRuntime({ binary = process.execPath, strip = true }: NodeRuntimeOptions = {}): Promise<NodeRuntime> {
  const { program, interpreter, libraries, libraryFolder } = programFiles(binary, (reason) =>
    driverErrors["node-unusable"]({ program: binary, reason }),
  );
  const scratch = mkdtempSync(join(tmpdir(), "outrigger-node-"));
  const close = async (): Promise<void> => rmSync(scratch, { recursive: true, force: true });
  const slim = join(scratch, "node");
  const stripped = strip && (await stripInto(binary, slim));
  const pieces = [
    hostPiece("node", stripped ? slim : binary),
    ...libraryPieces({ interpreter, libraries, libraryFolder }),
    directoryPiece("tmp", 0o1777),
    filePiece("etc/passwd", "root:x:0:0:root:/:/node\n"),
    filePiece("etc/group", "root:x:0:\n"),
    filePiece("etc/nsswitch.conf", "hosts: files dns\n"),
  ];
  return { pieces, architecture: program.architecture, stripped, close };
}

/** A program of this machine at the same place, with its loader and libraries. @throws program-unusable */
export function programPieces(path: string, architecture: string): readonly Piece[] {
  const unusable = (reason: string): Error => driverErrors["program-unusable"]({ program: path, reason });
  const files = programFiles(path, unusable);
  if (files.program.architecture !== architecture) throw unusable(`it is for ${files.program.architecture}, not for ${architecture}`);
  return [hostPiece(path, path), ...libraryPieces(files)];
}

function libraryPieces({ interpreter, libraries, libraryFolder }: LibraryFiles): readonly Piece[] {
  const loader = interpreter === undefined ? [] : [hostPiece(interpreter, interpreter)];
  return [...loader, ...[...libraries].map(([name, file]) => hostPiece(join(libraryFolder, name), file))];
}

/** False where no strip is there, or it can't read the program. */
async function stripInto(binary: string, output: string): Promise<boolean> {
  try {
    await run("strip", ["--strip-all", "-o", output, binary]);
    return true;
  } catch {
    return false;
  }
}

function hostPiece(path: string, file: string): Piece {
  const { size } = statSync(file);
  return {
    entry: { path: path.replace(/^\/+/, ""), kind: "file", mode: 0o755, uid: 0, gid: 0, size, modified: 0 },
    content: () => createReadStream(file, { highWaterMark: pieceSize }),
    contentSync: () => readInPieces(file),
  };
}

const pieceSize = 1024 * 1024;

function* readInPieces(path: string): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(pieceSize);
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) yield buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
