import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import type { PluginConfig, PluginPrivilege } from "../config/plugin-config.ts";
import type { SetValues } from "../config/settable.ts";
import { driverErrors } from "../errors.ts";
import { driverFolder, namesIn, type RootFolder } from "./root-folder.ts";
import { writeWhole } from "./write-file.ts";

/** One version of a driver, unpacked. */
export interface DriverVersion {
  /** As it was asked for, in full: `localhost:5000/tools/dir-volume:1.0.0`. */
  readonly reference: string;
  /** The manifest's. */
  readonly digest: string;
  /** Its folder among the versions. */
  readonly folder: string;
  readonly config: PluginConfig;
  readonly set: SetValues;
  readonly granted: readonly PluginPrivilege[];
}

/** What is known of an installed driver. Written whole, so an upgrade has happened or it has not. */
export interface DriverRecord {
  readonly format: 1;
  /** 64 hex digits. */
  readonly id: string;
  /** With its tag, as `docker plugin ls` shows it. */
  readonly name: string;
  /** The name of its socket for engines. */
  readonly published: string;
  readonly enabled: boolean;
  /** It has been enabled before, so engines may know it: its socket answers them also while it is disabled. */
  readonly introduced?: true;
  readonly current: DriverVersion;
  readonly previous?: DriverVersion;
  /** The current version has not been healthy yet; until it is, the previous one can still come back. */
  readonly onTrial?: true;
}

export async function writeRecord(root: RootFolder, record: DriverRecord): Promise<void> {
  await writeWhole(driverFolder(root, record.id).record, recordText(record));
}

export function recordText(record: DriverRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** Every driver of the folder. What was half made or half removed when a host was killed goes. @throws record-unreadable */
export async function readRecords(root: RootFolder): Promise<readonly DriverRecord[]> {
  const records: DriverRecord[] = [];
  for (const id of await namesIn(root.drivers)) {
    if (!/^[0-9a-f]{64}$/.test(id)) await rm(join(root.drivers, id), { recursive: true, force: true });
    else records.push(await readRecord(root, id));
  }
  return records;
}

async function readRecord(root: RootFolder, id: string): Promise<DriverRecord> {
  const { record: file, versions, path } = driverFolder(root, id);
  try {
    const record = JSON.parse(await readFile(file, "utf8")) as DriverRecord;
    if (record.format !== 1 || record.id !== id) throw driverErrors["record-unreadable"]({ file, reason: "it is of another format" });
    const wanted = [record.current.folder, record.previous?.folder];
    for (const folder of await namesIn(versions)) if (!wanted.includes(folder)) await rm(join(versions, folder), { recursive: true });
    for (const name of await namesIn(path)) if (name.endsWith(".draft")) await rm(join(path, name));
    return record;
  } catch (error) {
    throw driverErrors["record-unreadable"]({ file, reason: wordsOf(error) }, { cause: error });
  }
}
