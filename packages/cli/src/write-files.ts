import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cliErrors } from "./errors.ts";

/** Writes files by name into a folder; programs (text that starts with `#!`) become executable. Never overwrites. @throws file-exists before anything is written */
export async function writeNewFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const there = Object.keys(files).find((name) => existsSync(join(folder, name)));
  if (there !== undefined) throw cliErrors["file-exists"]({ file: join(folder, there) });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await writeFile(file, text, { flag: "wx" });
    if (text.startsWith("#!")) await chmod(file, 0o755);
  }
}
