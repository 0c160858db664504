import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** A module that says in its text which type it is. */
export interface DeclaredType {
  readonly type: string;
  readonly path: string;
}

/** Bytes; a module written by hand has fewer, and a bundle that has more is named by `entry`. */
const readLimit = 4 * 1024 * 1024;

/** The modules directly in a folder that export `pluginType` as a plain text; none is run. */
export async function declaredTypes(folder: string): Promise<readonly DeclaredType[]> {
  const names = (await readdir(folder)).filter((name) => /(?<!\.test|\.d)\.(m?ts|m?js)$/.test(name)).toSorted();
  const found = names.map(async (name): Promise<readonly DeclaredType[]> => {
    const path = join(folder, name);
    const about = await stat(path).catch(() => undefined);
    if (about?.isFile() !== true || about.size > readLimit) return [];
    const type = /^\s*(?:export\s+)?(?:const|let|var)\s+pluginType(?:\s*:\s*[\w"]+)?\s*=\s*["'`]([A-Z][A-Z0-9_]*)["'`]/m.exec(
      await readFile(path, "utf8"),
    )?.[1];
    return type === undefined ? [] : [{ type, path }];
  });
  return (await Promise.all(found)).flat();
}
