import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file so that after a crash at any moment either the old or the new content is there, whole. */
export async function writeDurably(file: string, text: string, mode = 0o600): Promise<void> {
  const folder = dirname(file);
  const next = `${file}.next`;
  await mkdir(folder, { recursive: true });
  try {
    const handle = await open(next, "w", mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true }).catch(() => undefined);
    throw error;
  }
  // The new name lasts when the folder has been written, too.
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
