import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { serverErrors } from "./errors.ts";

/** The files of one server. Only the server's own user can read them. */
export interface DataDir {
  readonly path: string;
  readonly database: string;
  /** Contexts on their way to a build; emptied at each start. */
  readonly uploads: string;
  /** Files that are kept in containers. */
  readonly files: string;
  readonly adminTokenPath: string;
  readonly adminToken: string;
  /** 32 random bytes. */
  readonly key: Uint8Array;
  /** Tells clients on this machine where the server is. */
  readonly announce: (url: string) => Promise<void>;
  /** Takes the announcement back and lets another server have the folder. */
  readonly release: () => Promise<void>;
}

/**
 * Opens a data directory, making what is missing.
 *
 * @throws data-dir-in-use, data-dir-unusable
 */
export async function openDataDir(path: string): Promise<DataDir> {
  await makeFolder(path);
  const unlock = lock(path);
  try {
    const uploads = join(path, "uploads");
    await rm(uploads, { recursive: true, force: true });
    await makeFolder(uploads);
    const key = Buffer.from(await keptFile(join(path, "key"), () => randomBytes(32).toString("base64")), "base64");
    if (key.length !== 32)
      throw serverErrors["data-dir-unusable"]({ path: join(path, "key"), reason: `it holds ${key.length} bytes, not 32.` });
    const adminTokenPath = join(path, "admin-token");
    const adminToken = await keptFile(adminTokenPath, () => `outrigger_admin_${randomBytes(32).toString("base64url")}`);
    const serverFile = join(path, "server.json");
    return {
      path,
      database: join(path, "outrigger.db"),
      uploads,
      files: join(path, "files"),
      adminTokenPath,
      adminToken,
      key,
      announce: (url) => writeWhole(serverFile, `${JSON.stringify({ url, pid: process.pid })}\n`),
      release: async () => {
        await rm(serverFile, { force: true });
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
  } catch (cause) {
    throw serverErrors["data-dir-unusable"]({ path, reason: reasonOf(cause) }, { cause });
  }
}

/** The file's text; made by `make` at first, readable by its owner only. */
async function keptFile(path: string, make: () => string): Promise<string> {
  try {
    const text = (await readFile(path, "utf8")).trim();
    if (text === "") throw serverErrors["data-dir-unusable"]({ path, reason: "it is empty." });
    await chmod(path, 0o600);
    return text;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const text = make();
  await writeWhole(path, `${text}\n`);
  return text;
}

/** The file has the old text or the new, never a part of it, whatever happens. */
async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  await writeFile(part, text, { mode: 0o600, flush: true });
  await rename(part, path);
  const folder = await open(join(path, ".."));
  await folder.sync().finally(() => folder.close());
}

/** SQLite's file lock is released by the kernel when the process dies, however it dies; a file with a process id is not. */
function lock(path: string): () => void {
  const file = join(path, "lock");
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec("begin exclusive");
  } catch (cause) {
    database.close();
    throw serverErrors["data-dir-in-use"]({ path }, { cause });
  }
  return () => database.close();
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
