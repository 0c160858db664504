import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Reload } from "@outrigger/plugin";
import type { Container, Discovery } from "@outrigger/pod";
import type { KeptSettings } from "../../runtime.ts";
import { type ReplicaKey, replicaText } from "../pod/names.ts";

/** What is known of a container's kept files; it lies beside them, so that it outlives the server. */
export interface KeptState extends KeptSettings {
  /** What they were made from last, as {@link sourceOf} tells it; also when it was refused. */
  readonly source: string;
  /** The image whose check has judged. */
  readonly image: string;
  /** Texts that were refused, and why, by the file's path. */
  readonly refused: Readonly<Record<string, RefusedText>>;
  /** Reloads that are due: the texts are in place, and the process has not been told. */
  readonly due: readonly Reload[];
}

export interface RefusedText {
  readonly digest: string;
  readonly reason: string;
}

/** Where all that is kept for one pod lies on the host. */
export function podFolder(filesFolder: string, key: ReplicaKey): string {
  return join(filesFolder, replicaText(key));
}

/** Where a container's kept files lie on the host: a folder for each of its directories, and the state. */
export function containerFolder(filesFolder: string, key: ReplicaKey, container: string): string {
  return join(podFolder(filesFolder, key), container);
}

/** The folder on the host that is a directory in the container. */
export function leafFolder(folder: string, directory: string): string {
  return join(folder, digestOf(directory).slice(0, 16));
}

/** Where a kept file lies on the host; undefined where none of the container's directories holds it. */
export function hostPath(folder: string, { fileDirectories = [] }: Container, path: string): string | undefined {
  const directory = fileDirectories.find((each) => path.startsWith(`${each}/`));
  return directory === undefined ? undefined : join(leafFolder(folder, directory), path.slice(directory.length + 1));
}

/** Changes whenever the files may have other texts: secrets are in it by their digests, the pod by its address. */
export function sourceOf(discovery: Discovery | undefined, address: string): string {
  return digestOf(JSON.stringify([discovery?.revision, discovery?.files, address]));
}

export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Undefined where nothing was written yet, or what was can't be read. */
export async function readState(folder: string): Promise<KeptState | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, stateFile), "utf8")) as KeptState;
  } catch {
    return undefined;
  }
}

export async function writeState(folder: string, state: KeptState): Promise<void> {
  await replaceFile(join(folder, stateFile), JSON.stringify(state), 0o600);
}

const stateFile = "state.json";

/** Writes a text beside its place, then puts it there at once. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const next = `${path}.next`;
  await writeFile(next, text, { mode });
  await rename(next, path);
}

export async function forgetContainer(filesFolder: string, key: ReplicaKey, container: string): Promise<void> {
  await rm(containerFolder(filesFolder, key, container), { recursive: true, force: true });
}

export async function forgetPod(filesFolder: string, key: ReplicaKey): Promise<void> {
  await rm(podFolder(filesFolder, key), { recursive: true, force: true });
}

/** What the status shows of it. */
export function settingsOf({ revision, at, problem }: KeptState): KeptSettings {
  return { revision, at, ...(problem === undefined ? {} : { problem }) };
}

/** True where the files are what they can be, and the process has been told. */
export function isSettled(state: KeptState | undefined, source: string): boolean {
  return state !== undefined && state.source === source && state.due.length === 0;
}
