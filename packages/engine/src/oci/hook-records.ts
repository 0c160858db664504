import { chmod, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import type { HookRecords, PluginHook } from "./hook-record.ts";
import { type NetworkTiming, orderHooks } from "./order-hooks.ts";
import { recordText } from "./record-text.ts";

export interface HookRecordsOptions {
  /** Made where it is missing, for its owner alone: who can write here has programs run as root. Lasts over a reboot, since engines start containers by themselves then. */
  readonly folder: string;
  readonly network: NetworkTiming;
}

const suffix = ".hooks";

/** Records as files `FOLDER/ID.hooks` of mode 0600, written whole, or not at all. */
export async function createHookRecords({ folder, network }: HookRecordsOptions): Promise<HookRecords> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  return {
    put: async (containerId, hooks) => put(pathOf(folder, containerId), folder, hooks, network),
    remove: (containerId) => rm(pathOf(folder, containerId), { force: true }),
    prune: (living) => prune(folder, living),
  };
}

/** @throws container-id-invalid */
function pathOf(folder: string, containerId: string): string {
  if (!isContainerId(containerId)) throw engineErrors["container-id-invalid"]({ id: containerId });
  return join(folder, `${containerId}${suffix}`);
}

export function isContainerId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

async function put(path: string, folder: string, hooks: readonly PluginHook[], network: NetworkTiming): Promise<void> {
  const text = recordText(orderHooks(hooks, network));
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  const part = `${path}.${crypto.randomUUID()}.part`;
  try {
    await writeThrough(part, text);
    await rename(part, path);
    await sync(folder);
  } catch (error) {
    await rm(part, { force: true });
    throw engineErrors["hook-record-failed"]({ file: path, reason: wordsOf(error) }, { cause: error });
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sync(folder: string): Promise<void> {
  const file = await open(folder, "r");
  await file.sync().finally(() => file.close());
}

async function prune(folder: string, living: () => Promise<Iterable<string>>): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(suffix));
  const live = new Set(await living());
  const dead = names.filter((name) => !live.has(name.slice(0, -suffix.length)));
  await Promise.all(dead.map((name) => rm(join(folder, name), { force: true })));
  return dead.length;
}
