import { readFile } from "node:fs/promises";
import { run } from "./programs.ts";

/** Where something is mounted at or below a folder, the innermost last (proc_pid_mountinfo(5)). */
export async function mountsBelow(folder: string): Promise<readonly string[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const places = lines.map((line) => (line.split(" ")[4] ?? "").replaceAll(/\\([0-7]{3})/g, (_, code: string) => fromOctal(code)));
  return places.filter((place) => place === folder || place.startsWith(`${folder}/`));
}

function fromOctal(code: string): string {
  return String.fromCharCode(Number.parseInt(code, 8));
}

export async function isMounted(place: string): Promise<boolean> {
  return (await mountsBelow(place)).includes(place);
}

/** mount(8) takes the loop device that the file has already, should it have one: never two filesystems over one file. */
export async function mountImage(image: string, place: string, readOnly: boolean): Promise<void> {
  await run("mount", ["-t", "ext4", "-o", `loop,nodev,${readOnly ? "ro" : "rw"}`, image, place]);
}

export async function bindReadOnly(folder: string, place: string): Promise<void> {
  await run("mount", ["--bind", folder, place]);
  // The kernel ignores `ro` at the first call.
  await run("mount", ["-o", "remount,bind,ro", place]);
}

/** Until nothing is mounted at the place or below it. @throws DriverError while it is used on this machine */
export async function unmountAll(place: string): Promise<void> {
  for (const each of (await mountsBelow(place)).toReversed()) await run("umount", [each]);
}

/**
 * Does work while nobody can write to a filesystem, and everything written is in its file.
 * Should this process end in between, {@link thaw} at its next start lets writers go on.
 */
export async function frozen(place: string, work: () => Promise<void>): Promise<void> {
  await run("fsfreeze", ["--freeze", place]);
  try {
    await work();
  } finally {
    await run("fsfreeze", ["--unfreeze", place]);
  }
}

/** Of a filesystem that is not frozen, nothing changes. */
export async function thaw(place: string): Promise<void> {
  await run("fsfreeze", ["--unfreeze", place]).catch(() => undefined);
}
