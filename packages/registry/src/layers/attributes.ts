import { spawn } from "node:child_process";
import { wordsOf } from "@outrigger/plugin";
import { registryErrors } from "../errors.ts";
import { TarParser } from "../tar/tar-parser.ts";
import type { FileEntry } from "./file-tree.ts";

/** Extended attributes of files by their path, relative to a folder. */
export type AttributesByPath = ReadonlyMap<string, Readonly<Record<string, Uint8Array>>>;

/** What belongs to a file wherever it is: capabilities and users' own. Labels, signatures and overlay's marks belong to the machine. */
const kept = /^(security\.capability$|user\.(?!overlay\.))/;
// getfattr's regular expressions can't look ahead.
const asked = "^(security\\.capability$|user\\.)";

/**
 * Reads the extended attributes of all files below a folder: Node.js has no call for them. By `getfattr` (Debian's `attr`); where that is missing by GNU
 * tar, which every Debian has, at the price of reading the contents too.
 *
 * @throws attributes-tool-missing when neither is there; tree-unreadable
 */
export async function readAttributes(folder: string): Promise<AttributesByPath> {
  const words = ["-R", "-P", "-h", "-d", "-e", "hex", "-m", asked, "--", "."];
  const pieces: Uint8Array[] = [];
  try {
    await run("getfattr", words, folder, (piece) => pieces.push(piece));
  } catch (error) {
    if (!isMissing(error)) throw error;
    return await readByTar(folder, error);
  }
  return parseDump(Buffer.concat(pieces).toString("utf8"));
}

async function readByTar(folder: string, missing: Error): Promise<AttributesByPath> {
  const found = new Map<string, Readonly<Record<string, Uint8Array>>>();
  const entry = ({ path, attributes = {} }: FileEntry): void => {
    const values = Object.entries(attributes).filter(([name]) => kept.test(name));
    if (values.length > 0) found.set(path === "" ? "." : path, Object.fromEntries(values));
  };
  const parser = new TarParser(folder, { entry });
  const words = ["--create", "--format=posix", "--xattrs", "--xattrs-include=security.capability", "--xattrs-include=user.*", "."];
  try {
    await run("tar", words, folder, (piece) => parser.push(piece));
  } catch (error) {
    // A tar that knows no --xattrs is not GNU's.
    throw isMissing(error) || wordsOf(error).includes("xattrs") ? missing : error;
  }
  parser.finish();
  return found;
}

function isMissing(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "attributes-tool-missing";
}

/** Writes extended attributes by `setfattr`. @throws attributes-tool-missing, tree-unreadable */
export async function writeAttributes(folder: string, attributes: AttributesByPath): Promise<void> {
  if (attributes.size > 0) await run("setfattr", ["-h", "--restore=-"], folder, () => undefined, formatDump(attributes));
}

/** `# file: PATH`, lines `NAME=0xHEX`, an empty line; control characters and backslashes of a path in octal. */
export function parseDump(text: string): AttributesByPath {
  const found = new Map<string, Record<string, Uint8Array>>();
  for (const part of text.split("\n\n")) {
    const [head = "", ...lines] = part.split("\n");
    if (!head.startsWith("# file: ")) continue;
    const attributes: Record<string, Uint8Array> = Object.create(null) as Record<string, Uint8Array>;
    for (const line of lines) {
      const [name, value] = cutAtLast(line, "=");
      if (kept.test(name)) attributes[unquote(name)] = Buffer.from(value.replace(/^0x/, ""), "hex");
    }
    if (Object.keys(attributes).length > 0) found.set(unquote(head.slice("# file: ".length)), attributes);
  }
  return found;
}

export function formatDump(attributes: AttributesByPath): string {
  const parts = [...attributes].map(([path, values]) => {
    const lines = Object.entries(values).map(([name, value]) => `${quote(name)}=0x${Buffer.from(value).toString("hex")}`);
    return [`# file: ${quote(path === "" ? "." : path)}`, ...lines, ""].join("\n");
  });
  return `${parts.join("\n")}\n`;
}

/** Values are hex, so the last `=` is the one between. */
function cutAtLast(text: string, mark: string): readonly [string, string] {
  const at = text.lastIndexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function quote(text: string): string {
  return text.replace(/[\\\n\r=]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

function unquote(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes = Buffer.from(text).toString("latin1");
  return Buffer.from(
    bytes.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    "latin1",
  ).toString("utf8");
}

function run(program: string, words: readonly string[], folder: string, take: (piece: Uint8Array) => void, input = ""): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd: folder, stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C.UTF-8" } });
    const complaints: Buffer[] = [];
    let failure: unknown;
    child.stdout.on("data", (piece: Buffer) => {
      try {
        if (failure === undefined) take(piece);
      } catch (error) {
        failure = error;
        child.kill();
      }
    });
    child.stderr.on("data", (piece: Buffer) => complaints.push(piece));
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? registryErrors["attributes-tool-missing"]({ program, folder }, { cause: error }) : error);
    });
    child.once("close", (code) => {
      const said = Buffer.concat(complaints).toString("utf8").trim();
      if (failure !== undefined) reject(failure);
      else if (code === 0) resolve();
      else reject(registryErrors["tree-unreadable"]({ path: folder, reason: `${program}: ${said}` }));
    });
    // A program that could not start, or ended early, says so by the events above.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
