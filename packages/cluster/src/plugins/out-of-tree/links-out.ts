import { readdir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";

/**
 * A link in a folder that leads out of it, in a sentence; undefined where there is none.
 * What a module may read is named by folders, and Node follows links out of them.
 */
export async function linksOut(folder: string): Promise<string | undefined> {
  const root = await realpath(folder);
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const place = join(entry.parentPath, entry.name);
    const target = await realpath(place).catch(() => undefined);
    if (target === undefined || !`${target}${sep}`.startsWith(root + sep))
      return `${place} is a link that leads out of the image's plug-ins.`;
  }
  return undefined;
}
