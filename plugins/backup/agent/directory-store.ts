import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { checksumLine, checksumOf, isArchive, type Store } from "./store.ts";

const unfinished = ".partial-";

/** Keeps archives in a directory. One that is being written has a name that starts with a dot. */
export function createDirectoryStore(directory: string): Store {
  const place = (name: string): string => join(directory, name);
  const list: Store["list"] = async () => {
    const names = (await readdir(directory)).filter((name) => isArchive(name) && !name.startsWith("."));
    return Promise.all(names.sort().map(async (name) => ({ name, bytes: (await stat(place(name))).size })));
  };
  return {
    list,
    begin: async (name) => {
      await mkdir(directory, { recursive: true });
      const partial = place(unfinished + name);
      const file = await open(partial, "w", 0o640);
      return {
        write: async (bytes) => {
          await file.writeFile(bytes);
        },
        finish: async (sha256) => {
          await file.sync();
          await file.close();
          // First the checksum, so that whoever sees the archive finds it.
          await writeWhole(directory, `${name}.sha256`, checksumLine(sha256, name));
          await rename(partial, place(name));
          await sync(directory);
        },
        discard: async () => {
          await file.close().catch(() => undefined);
          await rm(partial, { force: true });
          await rm(place(`${name}.sha256`), { force: true });
        },
      };
    },
    read: async (name) => createReadStream(place(name)),
    checksum: async (name) => checksumOf(await readFile(place(`${name}.sha256`), "utf8"), name),
    remove: async (name) => {
      await rm(place(name), { force: true });
      await rm(place(`${name}.sha256`), { force: true });
    },
    clean: async () => {
      await mkdir(directory, { recursive: true });
      const whole = new Set((await list()).map(({ name }) => name));
      for (const name of await readdir(directory)) {
        const orphan = name.endsWith(".sha256") && isArchive(name.slice(0, -7)) && !whole.has(name.slice(0, -7));
        if (name.startsWith(unfinished) || orphan) await rm(place(name), { force: true });
      }
    },
  };
}

async function writeWhole(directory: string, name: string, text: string): Promise<void> {
  const partial = join(directory, unfinished + name);
  const file = await open(partial, "w", 0o640);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, join(directory, name));
}

/** Makes a rename outlive a loss of power. */
async function sync(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
