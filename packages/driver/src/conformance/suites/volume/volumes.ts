import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Probe } from "../../probe.ts";
import type { GoObject } from "../../verdict.ts";

/** Creates a volume as `docker volume create` does: Capabilities, Get, Create. It is removed when the check is over. */
export async function created(probe: Probe, name: string = probe.name()): Promise<string> {
  await probe.ask("VolumeDriver.Capabilities", {});
  await probe.ask("VolumeDriver.Get", { Name: name });
  await create(probe, name);
  return name;
}

export async function create(probe: Probe, name: string): Promise<void> {
  probe.tidy("VolumeDriver.Remove", { Name: name });
  await probe.succeed("VolumeDriver.Create", { Name: name, Opts: volumeOptions(probe) });
}

/** As the engine: null where there are none. */
export function volumeOptions(probe: Probe): Readonly<Record<string, string>> | null {
  return Object.keys(probe.session.volumeOptions).length === 0 ? null : probe.session.volumeOptions;
}

/** The Volume of VolumeDriver.Get; undefined when the engine takes it for missing. */
export async function found(probe: Probe, name: string): Promise<GoObject | undefined> {
  const { error, value } = probe.verdict(await probe.ask("VolumeDriver.Get", { Name: name }));
  return error === undefined ? probe.object(value, "Volume") : undefined;
}

/** The names of VolumeDriver.List. */
export async function listed(probe: Probe): Promise<readonly string[]> {
  const volumes = probe.list(await probe.succeed("VolumeDriver.List", {}), "Volumes");
  return volumes.map((volume) => {
    const name = typeof volume === "object" && volume !== null && "Name" in volume ? volume.Name : undefined;
    probe.expect(typeof name === "string", "every volume of List to have a Name", `one is ${JSON.stringify(volume)}`);
    return String(name);
  });
}

/** Mounts as `docker run -v` does (Get, Mount); gives the driver's path. It is unmounted when the check is over. */
export async function mounted(probe: Probe, name: string, id: string): Promise<string> {
  await probe.ask("VolumeDriver.Get", { Name: name });
  probe.tidy("VolumeDriver.Unmount", { Name: name, ID: id });
  return probe.text(await probe.succeed("VolumeDriver.Mount", { Name: name, ID: id }), "Mountpoint");
}

export async function unmounted(probe: Probe, name: string, id: string): Promise<void> {
  await probe.ask("VolumeDriver.Get", { Name: name });
  await probe.succeed("VolumeDriver.Unmount", { Name: name, ID: id });
}

/** The Mountpoint by Path, or by Get; "" while there is none. */
export async function pathOf(probe: Probe, name: string): Promise<string> {
  const path = probe.text(await probe.succeed("VolumeDriver.Path", { Name: name }), "Mountpoint");
  if (path !== "") return path;
  const volume = await found(probe, name);
  return volume === undefined ? "" : probe.text(volume, "Mountpoint");
}

/** Whether a path is one that a container can get: absolute, and nothing of it leads up. */
export function safePath(path: string): boolean {
  return path.startsWith("/") && !path.split("/").includes("..");
}

/** Whether the driver's path is a folder here; skips the check where its paths can't be seen. */
export async function isFolder(probe: Probe, path: string): Promise<boolean> {
  if (probe.session.root === "-") probe.skip("the driver's paths are not to be seen from here (--root -)");
  const { isDirectory } = await stat(probe.session.outside(path)).then(
    (stats) => ({ isDirectory: stats.isDirectory() }),
    () => ({ isDirectory: false }),
  );
  return isDirectory;
}

/** Leaves a file in a mounted volume, and tells later whether it is to be seen there. Where nothing can be written from here it counts as seen. */
export async function leaveMark(probe: Probe, path: string): Promise<() => Promise<boolean>> {
  const text = probe.id();
  const file = join(probe.session.outside(path), `${probe.session.prefix}-${text.slice(0, 6)}`);
  if (probe.session.root === "-" || !(await isFolder(probe, path))) return async () => true;
  const written = await writeFile(file, text).then(
    () => true,
    () => false,
  );
  if (!written) return async () => true;
  probe.after(() => rm(file, { force: true }));
  return async () => (await readFile(file, "utf8").catch(() => "")) === text;
}
