import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Container, Discovery } from "@outrigger/pod";
import type { EngineContext } from "../client/context.ts";
import type { BindMount } from "../client/types.ts";
import type { ReplicaKey } from "../pod/names.ts";
import { containerFolder, digestOf, hostPath, type KeptState, leafFolder, readState, sourceOf, writeState } from "./kept-state.ts";
import { keptTexts, type TextSources } from "./kept-texts.ts";

export interface Preparation extends TextSources {
  readonly context: EngineContext;
  readonly key: ReplicaKey;
  readonly container: Container;
  readonly discovery: Discovery | undefined;
  /** Number of the container's user, where it is known. */
  readonly user: number | undefined;
}

/**
 * Makes the directories of a container's kept files, with the files in them, before it is made; gives the mounts. Nothing can check the first
 * texts, since no container is there to do it; only a text that the same image has refused before does not come in by this way either.
 */
export async function prepareFiles(preparation: Preparation): Promise<readonly BindMount[]> {
  const { context, key, container, discovery, user } = preparation;
  const directories = container.fileDirectories ?? [];
  if (directories.length === 0) return [];
  const folder = containerFolder(context.filesFolder, key, container.name);
  const [{ texts }, address, before] = await Promise.all([keptTexts(discovery, preparation), preparation.address(), readState(folder)]);
  const judged = before?.image === container.image ? before : undefined;
  const contents = await Promise.all(
    texts.map(async (kept) => {
      const path = hostPath(folder, container, kept.file.path);
      const refused = "text" in kept && judged?.refused[kept.file.path]?.digest === digestOf(kept.text);
      const old = path !== undefined && refused ? await readText(path) : undefined;
      return { path, mode: kept.file.mode, isOld: old !== undefined, text: old ?? ("text" in kept ? kept.text : ""), kept };
    }),
  );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const directory of directories) {
    await rm(leafFolder(folder, directory), { recursive: true, force: true });
    await makeReadable(leafFolder(folder, directory));
  }
  for (const { path, mode, text } of contents) if (path !== undefined) await writeKept(path, text, mode, user);
  const failed = contents.find(({ kept }) => "failure" in kept);
  const failure = failed !== undefined && "failure" in failed.kept ? `${failed.kept.file.path}: ${failed.kept.failure}` : undefined;
  const keepsOld = contents.some(({ isOld }) => isOld);
  const state: KeptState = {
    source: sourceOf(discovery, address),
    image: container.image,
    due: [],
    ...(keepsOld && judged !== undefined
      ? { revision: judged.revision, at: judged.at, refused: judged.refused, ...(judged.problem && { problem: judged.problem }) }
      : { revision: discovery?.revision ?? 0, at: new Date().toISOString(), refused: {}, ...(failure && { problem: failure }) }),
  };
  await writeState(folder, state);
  return directories.map((directory) => ({ Type: "bind", Source: leafFolder(folder, directory), Target: directory, ReadOnly: true }));
}

/** Folders above are closed to everybody else on the host; this one must be open to whatever user the container has. */
async function makeReadable(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
}

/** @param mode permission bits in octal */
export async function writeKept(path: string, text: string, mode: string, user: number | undefined): Promise<void> {
  await makeReadable(dirname(path));
  // Written anew, lest a former file's owner and mode stay.
  await rm(path, { force: true });
  await writeFile(path, text, { mode: 0o600 });
  if (user !== undefined && process.getuid?.() === 0) await chown(path, user, -1);
  // The umask would have its say in the mode of a new file.
  await chmod(path, Number.parseInt(mode, 8));
}

/** Undefined where there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
