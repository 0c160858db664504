import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { lstat, open, readdir, readlink, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { serverErrors } from "../errors.ts";
import type { Context } from "./context.ts";

/**
 * Packs a folder into a tar at `path`, in a settled order and without times and owners: equal folders give equal tars. Leaves out `.git`.
 *
 * @throws context-too-large
 */
export async function packFolder(root: string, path: string, limit: number): Promise<Context> {
  const hash = createHash("sha256");
  const tar = pack();
  const writing = pipeline(
    tar,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      let size = 0;
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > limit) throw serverErrors["context-too-large"]({ limit });
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
  try {
    await Promise.all([writing, packEntries(tar, root, "").then(() => tar.finalize())]);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { path, digest: hash.digest("hex") };
}

async function packEntries(tar: Pack, root: string, folder: string): Promise<void> {
  for (const name of (await readdir(join(root, folder))).sort()) {
    const entry = posix.join(folder, name);
    if (entry === ".git") continue;
    const path = join(root, entry);
    const status = await lstat(path);
    const common = { name: entry, mtime: new Date(0), mode: status.mode & 0o777 };
    if (status.isDirectory()) {
      tar.entry({ ...common, type: "directory" });
      await packEntries(tar, root, entry);
    } else if (status.isSymbolicLink()) tar.entry({ ...common, type: "symlink", linkname: await readlink(path) });
    else {
      const file = await open(path);
      await pipeline(file.createReadStream(), tar.entry({ ...common, size: status.size }));
    }
  }
}
