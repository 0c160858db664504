import { createHash } from "node:crypto";
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, utimes } from "node:fs/promises";
import { join, relative } from "node:path";
import { engineErrors } from "../errors.ts";

/**
 * The SHA-256 of a folder's files, their names and whether they can be executed, as 64 hex digits. Empty folders don't count.
 * @throws folder-unreadable for links and special files, which would not be the same elsewhere
 */
export async function contentDigest(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const path of await filesOf(folder)) {
    const { mode } = await lstat(path);
    const content = await readFile(path);
    hash.update(`${relative(folder, path)}\0${(mode & 0o100) === 0 ? "-" : "x"}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => {
    throw engineErrors["folder-unreadable"]({ path: folder, reason: error.message });
  });
  const lists = entries
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(async (entry): Promise<readonly string[]> => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesOf(path);
      if (!entry.isFile()) throw engineErrors["folder-unreadable"]({ path, reason: "it is neither a file nor a folder" });
      return [path];
    });
  return (await Promise.all(lists)).flat();
}

/**
 * Copies a plug-in's folder to `VERSIONS/NAME/DIGEST`, where it never changes again, and gives that place.
 * Plug-ins run from there, so the folder that people edit can change under a running plug-in.
 */
export async function keepVersion(versions: string, name: string, folder: string, digest: string): Promise<string> {
  const place = join(versions, name, digest);
  if ((await lstat(place).catch(() => undefined)) !== undefined) return used(place);
  const draft = join(versions, name, `.${digest}.${process.pid}`);
  await mkdir(join(versions, name), { recursive: true, mode: 0o711 });
  await rm(draft, { recursive: true, force: true });
  await cp(folder, draft, { recursive: true, errorOnExist: true });
  if ((await contentDigest(draft)) !== digest) {
    await rm(draft, { recursive: true });
    throw engineErrors["folder-unreadable"]({ path: folder, reason: "it changed while it was copied" });
  }
  await makeReadable(draft);
  await rename(draft, place);
  return used(place);
}

/** When a version was last put to use says which one ran before. */
async function used(place: string): Promise<string> {
  const now = new Date();
  await utimes(place, now, now);
  return place;
}

/** The digests that are kept of a plug-in, the one last put to use first. */
export async function keptVersions(versions: string, name: string): Promise<readonly string[]> {
  const names = await readdir(join(versions, name)).catch(() => []);
  const kept = names
    .filter((each) => /^[0-9a-f]{64}$/.test(each))
    .map(async (digest) => ({ digest, at: (await lstat(join(versions, name, digest))).mtimeMs }));
  return (await Promise.all(kept)).toSorted((one, other) => other.at - one.at).map(({ digest }) => digest);
}

/** Removes all but the versions last used. */
export async function forgetVersions(versions: string, name: string, keep: number): Promise<void> {
  for (const digest of (await keptVersions(versions, name)).slice(keep))
    await rm(join(versions, name, digest), { recursive: true, force: true });
}

/** The plug-in's own user has to read what root or somebody else wrote. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else await chmod(path, ((await lstat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
