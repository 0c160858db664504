import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closedFolder } from "@outrigger/sdk/process";
import { hostFolder } from "../../plan/plan-input.ts";
import type { ProgramPlaces } from "./start-program.ts";

/** What all processes of plug-ins of one runner share. */
export interface PluginPrograms {
  /** Bytes for each process and what it starts. */
  readonly memory: number;
  /** Made when first asked for. */
  readonly places: () => Promise<ProgramPlaces>;
  /** Removes the places. */
  readonly close: () => Promise<void>;
}

export interface ProgramOptions {
  /** Keeps which users plug-ins have, where the runner is root. Default /var/lib/outrigger/cluster. */
  readonly state?: string;
  /** Bytes of memory for each. Default 512 MiB. */
  readonly memory?: number;
}

export function createPluginPrograms({
  state = join(hostFolder, "cluster"),
  memory = 512 * 1024 * 1024,
}: ProgramOptions = {}): PluginPrograms {
  let made: Promise<ProgramPlaces> | undefined;
  return {
    memory,
    places: () => {
      made ??= makePlaces(state);
      return made;
    },
    close: async () => {
      const places = await made?.catch(() => undefined);
      made = undefined;
      if (places !== undefined) await rm(places.run, { recursive: true, force: true });
    },
  };
}

const prefix = "outrigger-plugins-";

/** Removes what runners left behind that were killed. */
async function forgetRuns(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    const place = join(parent, name);
    const about = await lstat(place).catch(() => undefined);
    if (about?.isDirectory() === true && about.uid === process.getuid?.()) await rm(place, { recursive: true, force: true });
  }
}

async function makePlaces(state: string): Promise<ProgramPlaces> {
  if (process.getuid?.() === 0) await mkdir(state, { recursive: true, mode: 0o711 });
  // Plug-ins' users go through it to what is theirs.
  const parent = closedFolder(tmpdir()) === undefined ? tmpdir() : "/tmp";
  await forgetRuns(parent);
  const run = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  await chmod(run, 0o711);
  return { run, state };
}
