import { readFile } from "node:fs/promises";
import { openStateFile, type StateFile } from "../state/state-file.ts";
import type { Mounts } from "./mount-table.ts";

interface MountsOfBoot {
  /** The kernel's id of the machine's run. */
  readonly boot: string;
  readonly mounts: Mounts;
}

/**
 * What a mount table keeps, in a file. Mounts end with the machine's run, and nobody is told then:
 * those of an earlier run do not count.
 *
 * @throws `state-file-invalid`
 */
export async function openMountsFile(file: string, bootIdFile: string = "/proc/sys/kernel/random/boot_id"): Promise<StateFile<Mounts>> {
  const boot = (await readFile(bootIdFile, "utf8")).trim();
  const kept = await openStateFile<MountsOfBoot>(file, { boot, mounts: {} }, mountsOfBoot);
  await kept.update((state) => (state.boot === boot ? state : { boot, mounts: {} }));
  return {
    get state() {
      return kept.state.mounts;
    },
    update: async (change) => (await kept.update(({ mounts }) => ({ boot, mounts: change(mounts) }))).mounts,
  };
}

function mountsOfBoot(value: unknown): MountsOfBoot {
  const { boot, mounts } = value as Partial<MountsOfBoot>;
  if (typeof boot === "string" && typeof mounts === "object" && mounts !== null) return { boot, mounts };
  throw new TypeError("boot and mounts are expected");
}
