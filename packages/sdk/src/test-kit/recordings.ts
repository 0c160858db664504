import { readFile } from "node:fs/promises";
import type { RecordedCall } from "../engine/call-plugin.ts";
import { parseJson } from "../json/lossless.ts";

/** Reads a file with one recorded call, or a list of them, as `outrigger engine trace` keeps them. @throws json-invalid */
export async function readRecordings(file: string): Promise<readonly RecordedCall[]> {
  const value = parseJson(await readFile(file, "utf8"));
  return (Array.isArray(value) ? value : [value]) as readonly RecordedCall[];
}
