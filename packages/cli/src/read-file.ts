import { readFileSync } from "node:fs";
import { cliErrors } from "./errors.ts";

/** The text of a file that the user named; `-` is the standard input. @throws file-unreadable */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw cliErrors["file-unreadable"]({ file, reason: fileReason(error) }, { cause: error });
  }
}

/** Why a file could not be read, without Node's way of saying it. */
export function fileReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES") return "you may not read it";
  if (code === "EISDIR") return "it is a folder";
  return error instanceof Error ? error.message : String(error);
}
