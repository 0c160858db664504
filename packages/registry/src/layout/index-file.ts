import { randomUUID } from "node:crypto";
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { wordsOf } from "@outrigger/plugin";
import * as z from "zod";
import type { Descriptor } from "../content.ts";
import { registryErrors } from "../errors.ts";
import { descriptorField, manifestLimit } from "../manifests.ts";
import { mediaTypes } from "../media-types.ts";

/** An entry of a layout's index.json: names are annotations. */
export type IndexEntry = Descriptor;

const indexField = z.looseObject({ schemaVersion: z.literal(2), manifests: z.array(descriptorField) });

/** The name that an entry has in its layout. */
export function refNameOf({ annotations }: IndexEntry): string | undefined {
  return annotations?.["org.opencontainers.image.ref.name"];
}

/** Lays out an empty layout where there is none. */
export async function createLayout(directory: string): Promise<void> {
  await mkdir(join(directory, "blobs", "sha256"), { recursive: true });
  await writeFile(join(directory, "index.json"), indexText({}, []), { flag: "wx" }).catch(unlessThere);
  // Last: the file by which a folder is known as a layout.
  await writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}', { flag: "wx" }).catch(unlessThere);
}

/** @throws layout-missing, layout-wrong for a version other than 1.0.0 */
export async function checkLayout(directory: string): Promise<void> {
  const text = await readFile(join(directory, "oci-layout"), "utf8").catch((error: unknown) => {
    throw registryErrors["layout-missing"]({ path: directory, reason: "there is no oci-layout that can be read" }, { cause: error });
  });
  checkVersion(directory, text);
}

/** Checks the text of a layout's `oci-layout`. @throws layout-wrong */
export function checkVersion(path: string, text: string): void {
  if (!/^\s*\{\s*"imageLayoutVersion"\s*:\s*"1\.\d+\.\d+"\s*\}\s*$/.test(text))
    throw registryErrors["layout-wrong"]({ path, reason: "its oci-layout names no version 1" });
}

export async function readIndex(directory: string): Promise<readonly IndexEntry[]> {
  return readIndexNow(directory).manifests;
}

/** Parses the text of an index.json. @throws layout-wrong */
export function parseIndexFile(path: string, text: string): { readonly manifests: readonly IndexEntry[] } & Record<string, unknown> {
  const wrong = (reason: string): Error => registryErrors["layout-wrong"]({ path, reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong("its index.json is no JSON");
  }
  const result = indexField.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw wrong(`its index.json: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not understood"}`);
}

function readIndexNow(directory: string): ReturnType<typeof parseIndexFile> {
  let fd: number;
  try {
    fd = openSync(join(directory, "index.json"), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw registryErrors["layout-wrong"]({ path: directory, reason: `its index.json can't be read (${wordsOf(error)})` }, { cause: error });
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > manifestLimit)
      throw registryErrors["layout-wrong"]({ path: directory, reason: "its index.json is no file of at most 4 MiB" });
    return parseIndexFile(directory, readFileSync(fd, "utf8"));
  } finally {
    closeSync(fd);
  }
}

/**
 * Changes index.json while no other process does. The whole change happens at once, without waiting for anything: so it can't be held up half-way.
 * @throws layout-busy
 */
export async function changeIndex(directory: string, change: (entries: readonly IndexEntry[]) => readonly IndexEntry[]): Promise<void> {
  let lock: DatabaseSync | undefined;
  try {
    // SQLite's lock on a file goes when its process does, which no lock made of files would.
    lock = new DatabaseSync(join(directory, "index.lock"), { timeout: 20_000 });
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock?.close();
    throw registryErrors["layout-busy"]({ path: directory, reason: wordsOf(error) }, { cause: error });
  }
  try {
    const { manifests, ...rest } = readIndexNow(directory);
    const next = change(manifests);
    if (next !== manifests) replace(directory, indexText(rest, next));
  } finally {
    lock.close();
  }
}

function replace(directory: string, text: string): void {
  const draft = join(directory, `index.${randomUUID()}.json`);
  try {
    const fd = openSync(draft, "wx", 0o644);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, join(directory, "index.json"));
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The text of an index.json. */
export function indexText(rest: Readonly<Record<string, unknown>>, manifests: readonly IndexEntry[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, ...rest, manifests });
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
