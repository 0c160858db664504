import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The first folder, from this one upwards, that not everybody may go through; undefined where all are open. */
export function closedFolder(path: string): string | undefined {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
