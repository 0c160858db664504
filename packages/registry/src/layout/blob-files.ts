import { randomUUID } from "node:crypto";
import { constants, createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Descriptor } from "../content.ts";
import { checkedContent, digestPattern } from "../digest.ts";
import { registryErrors } from "../errors.ts";

/** The files under `blobs/sha256` of an image layout. */
export interface BlobFiles {
  /** True when it is there with its size; from then on it counts as just written. */
  readonly has: (descriptor: Descriptor) => Promise<boolean>;
  readonly read: (descriptor: Descriptor) => AsyncGenerator<Uint8Array>;
  /** All of it, with its digest checked; undefined where there is none. @throws manifest-too-large beyond `most` bytes */
  readonly readWhole: (digest: string, most: number) => Promise<Uint8Array | undefined>;
  /** Written beside, checked, synced and renamed: a file with a digest's name always has the right content. */
  readonly write: (descriptor: Descriptor, content: () => AsyncIterable<Uint8Array>) => Promise<void>;
  readonly all: () => Promise<readonly StoredBlob[]>;
  readonly remove: (digest: string) => Promise<void>;
  /** Removes what writers that did not end have left behind for `age` milliseconds. */
  readonly removeUnfinished: (age: number) => Promise<void>;
}

export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

export function blobFiles(directory: string): BlobFiles {
  const folder = join(directory, "blobs", "sha256");
  const incoming = join(directory, "incoming");
  // A digest becomes a file's name: what is none must not get that far.
  const fileOf = (digest: string): string => {
    if (!digestPattern.test(digest))
      throw registryErrors["layout-wrong"]({ path: directory, reason: `${JSON.stringify(digest)} is no digest` });
    return join(folder, digest.slice("sha256:".length));
  };
  const statOf = async (digest: string): Promise<{ readonly size: number } | undefined> => {
    const stat = await lstat(fileOf(digest)).catch(() => undefined);
    return stat?.isFile() === true ? stat : undefined;
  };
  const has = async ({ digest, size }: Descriptor): Promise<boolean> => {
    if ((await statOf(digest))?.size !== size) return false;
    const now = new Date();
    await utimes(fileOf(digest), now, now).catch(() => {}); // a layout that may only be read is not pruned either
    return true;
  };
  const stream = async function* (descriptor: Descriptor): AsyncGenerator<Uint8Array> {
    const stat = await statOf(descriptor.digest);
    if (stat === undefined) throw registryErrors["content-unknown"]({ source: directory, digest: descriptor.digest });
    const file = await open(fileOf(descriptor.digest), constants.O_RDONLY | constants.O_NOFOLLOW);
    const raw = createReadStream("", { fd: file, highWaterMark: 1 << 18 });
    try {
      yield* checkedContent(directory, descriptor, raw as AsyncIterable<Uint8Array>);
    } finally {
      raw.destroy();
    }
  };

  return {
    has,
    read: stream,
    readWhole: async (digest, most) => {
      const stat = await statOf(digest);
      if (stat === undefined) return undefined;
      if (stat.size > most)
        throw registryErrors["manifest-too-large"]({ source: directory, reference: digest, size: `${stat.size} bytes` });
      return Buffer.concat(await Array.fromAsync(stream({ mediaType: "", digest, size: stat.size })));
    },
    write: async (descriptor, content) => {
      const place = fileOf(descriptor.digest);
      if (await has(descriptor)) return;
      await mkdir(folder, { recursive: true });
      await mkdir(incoming, { recursive: true });
      const draft = join(incoming, randomUUID());
      try {
        const out = createWriteStream(draft, { flags: "wx", flush: true, highWaterMark: 1 << 20 });
        await pipeline(checkedContent("the source", descriptor, content()), out);
        await rename(draft, place);
      } finally {
        await rm(draft, { force: true });
      }
    },
    all: async () => {
      const names = await readdir(folder).catch(() => []);
      const stats = names.map(async (name) => ({ digest: `sha256:${name}`, stat: await lstat(join(folder, name)).catch(() => undefined) }));
      return (await Promise.all(stats)).flatMap(({ digest, stat }) =>
        stat === undefined || !digestPattern.test(digest) ? [] : [{ digest, size: stat.size, modified: stat.mtimeMs }],
      );
    },
    remove: (digest) => rm(fileOf(digest), { force: true }),
    removeUnfinished: async (age) => {
      for (const name of await readdir(incoming).catch(() => [])) {
        const stat = await lstat(join(incoming, name)).catch(() => undefined);
        if (stat !== undefined && Date.now() - stat.mtimeMs > age) await rm(join(incoming, name), { force: true });
      }
    },
  };
}
