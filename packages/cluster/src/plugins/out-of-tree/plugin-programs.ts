import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
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

async function makePlaces(state: string): Promise<ProgramPlaces> {
  if (process.getuid?.() === 0) await mkdir(state, { recursive: true, mode: 0o711 });
  // Plug-ins' users go through it to what is theirs.
  const run = await mkdtemp(join(closedFolder(tmpdir()) === undefined ? tmpdir() : "/tmp", "outrigger-plugins-"));
  await chmod(run, 0o711);
  return { run, state };
}
