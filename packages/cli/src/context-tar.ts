import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, openAsBlob } from "node:fs";
import { lstat, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import dockerignore, { type Ignore } from "@balena/dockerignore";
import { type Header, type Pack, pack } from "tar-stream";
import { cliErrors } from "./errors.ts";
import { fileReason } from "./read-file.ts";

/** A build context as a tar file. */
export interface PackedContext extends AsyncDisposable {
  readonly file: string;
  /** SHA-256 of the tar, in hex. The same files give the same digest on every machine: order, owners and times are fixed, modes are 0644 or 0755. */
  readonly digest: string;
  readonly entries: readonly string[];
  /** The tar as a body to send. */
  readonly blob: () => Promise<Blob>;
}

type EntryHeader = Partial<Header> & Pick<Header, "name">;

interface Entry {
  readonly path: string;
  readonly headers: EntryHeader;
}

/**
 * Packs a folder as a build context, without what its `.dockerignore` names. `dockerfile` is always in it.
 *
 * @throws file-unreadable, dockerfile-missing, context-unsupported for sockets, pipes and devices
 */
export async function packContext(folder: string, dockerfile: string): Promise<PackedContext> {
  const entries = await listEntries(folder, dockerfile);
  if (!entries.some(({ path }) => path === posix.normalize(dockerfile))) {
    throw cliErrors["dockerfile-missing"]({ file: join(folder, dockerfile) });
  }
  const place = await mkdtemp(join(tmpdir(), "outrigger-context-"));
  const remove = (): Promise<void> => rm(place, { recursive: true, force: true });
  try {
    const file = join(place, "context.tar");
    const digest = await writeTar(folder, entries, file);
    return { file, digest, entries: entries.map(({ path }) => path), blob: () => openAsBlob(file), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function writeTar(folder: string, entries: readonly Entry[], file: string): Promise<string> {
  const tar = pack();
  const hash = createHash("sha256");
  const written = pipeline(
    tar,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(file, { mode: 0o600 }),
  );
  const filled = fill(tar, folder, entries).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : null);
    throw error;
  });
  const [, filling] = await Promise.allSettled([written, filled]);
  if (filling.status === "rejected") throw filling.reason;
  await written;
  return hash.digest("hex");
}

async function fill(tar: Pack, folder: string, entries: readonly Entry[]): Promise<void> {
  for (const { path, headers } of entries) {
    if (headers.type === "file") await pipeline(createReadStream(join(folder, path)), tar.entry(headers));
    else await new Promise<void>((done, failed) => tar.entry(headers, (error) => (error ? failed(error) : done())));
  }
  tar.finalize();
}

/** Everything in the folder that is not ignored, parents first, in the order of code units. */
async function listEntries(folder: string, dockerfile: string): Promise<readonly Entry[]> {
  const ignored = await readIgnoreFile(folder);
  const kept = new Set([posix.normalize(dockerfile), ".dockerignore"]);
  const entries: Entry[] = [];
  const walk = async (parent: string): Promise<void> => {
    for (const name of (await readFolder(join(folder, parent))).toSorted()) {
      const path = posix.join(parent, name);
      const stat = await lstat(join(folder, path));
      const wanted = kept.has(path) || !ignored.ignores(path);
      if (stat.isDirectory()) {
        const before = entries.length;
        await walk(path);
        // An ignored folder can hold files that a `!` rule brings back; it comes along with them.
        if (wanted || entries.length > before) entries.splice(before, 0, { path, headers: headersOf(path, "directory", 0o755) });
      } else if (wanted) {
        entries.push(await entryOf(folder, path, stat));
      }
    }
  };
  await walk("");
  return entries;
}

async function entryOf(folder: string, path: string, stat: Awaited<ReturnType<typeof lstat>>): Promise<Entry> {
  if (stat.isSymbolicLink())
    return { path, headers: { ...headersOf(path, "symlink", 0o777), linkname: await readlink(join(folder, path)) } };
  const mode = (Number(stat.mode) & 0o100) === 0 ? 0o644 : 0o755;
  if (stat.isFile()) return { path, headers: { ...headersOf(path, "file", mode), size: Number(stat.size) } };
  const what = stat.isSocket() ? "socket" : stat.isFIFO() ? "named pipe" : "device";
  throw cliErrors["context-unsupported"]({ path: join(folder, path), what, context: folder });
}

function headersOf(path: string, type: "file" | "directory" | "symlink", mode: number): EntryHeader {
  return { name: type === "directory" ? `${path}/` : path, type, mode, mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" };
}

async function readIgnoreFile(folder: string): Promise<Ignore> {
  const rules = dockerignore.default({ ignorecase: false });
  try {
    return rules.add(await readFile(join(folder, ".dockerignore"), "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return rules;
    throw error;
  }
}

async function readFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw cliErrors["file-unreadable"]({ file: folder, reason: fileReason(error) }, { cause: error });
  }
}
