import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { applySettings, nothingSet, settingsOf } from "../config/settable.ts";
import { mountPoints, shareFolder, unmountBelow } from "../host/mounts.ts";
import { hostPath } from "../host/publish/mountpoints.ts";
import { hostDevices } from "../host/run/host-devices.ts";
import { devicePaths, ociSpec } from "../host/run/oci-spec.ts";
import { ociRuntime } from "../host/run/runtime.ts";
import type { DriverLauncher, RunningDriver } from "./launcher.ts";
import type { RunnablePackage } from "./open-package.ts";

export interface PackageLauncherSettings extends RunnablePackage {
  /** Changes of settings as `docker plugin set` takes them. */
  readonly set?: readonly string[];
  /** runc or crun; else the one that is found. */
  readonly runtime?: string;
  readonly output?: (text: string) => void;
}

const patience = 10_000;

/** Runs a package as a managed plug-in: in a container of its own, as process 1, with what its configuration asks for. @throws runtime-missing and the errors of `applySettings` */
export async function packageLauncher(settings: PackageLauncherSettings): Promise<DriverLauncher> {
  const { config, name, output } = settings;
  // Short: the socket's path has room for 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), "odt-"));
  const [rootfs, propagated, bundle, sockets] = ["rootfs", "propagated", "bundle", "s"].map((each) => join(folder, each)) as [
    string,
    string,
    string,
    string,
  ];
  const runtime = ociRuntime(join(folder, "runtime"), settings.runtime);
  const id = randomBytes(32).toString("hex");
  const values = settingsOf(config, applySettings(config, nothingSet, settings.set ?? []));
  const close = async (): Promise<void> => {
    await runtime.remove(id);
    await unmountBelow(folder, name);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const each of [rootfs, propagated, bundle, sockets]) await mkdir(each, { mode: 0o755 });
    await settings.unpack(rootfs);
    if (config.PropagatedMount !== "") await shareFolder(propagated);
  } catch (error) {
    await close();
    throw error;
  }
  const insideOut = {
    rootfs,
    propagatedMount: config.PropagatedMount,
    propagated,
    isMounted: (path: string) => mountPoints().includes(path),
    readLink: (path: string) => {
      try {
        return readlinkSync(path);
      } catch {
        return undefined;
      }
    },
  };
  const start = async (): Promise<RunningDriver> => {
    await runtime.remove(id);
    // As the engine does at every exit: a driver in a container finds no socket of its own.
    for (const each of await readdir(sockets)) await rm(join(sockets, each), { recursive: true, force: true });
    // With a PropagatedMount such as /run/docker the container's mount of this folder has come out, and outlived it.
    const within = relative(config.PropagatedMount, "/run/docker/plugins");
    if (config.PropagatedMount !== "" && !within.startsWith("..")) await unmountBelow(join(propagated, within), name);
    const places = { id, rootfs, propagated, sockets, logging: join(folder, "logging") };
    await mkdir(places.logging, { recursive: true });
    const spec = ociSpec(config, values, places, await hostDevices(devicePaths(values.Devices)));
    await writeFile(join(bundle, "config.json"), JSON.stringify(spec), { mode: 0o600 });
    const [program = "runc", ...args] = runtime.runCommand(id, bundle);
    const startedAt = performance.now();
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    let ended: string | undefined;
    const exit = new Promise<void>((resolve) => {
      const end = (how: string): void => {
        ended ??= how;
        resolve();
      };
      child.once("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
      child.once("error", (error) => end(error.message));
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => output?.(text));
    const kill = async (): Promise<void> => {
      await runtime.signal(id, "KILL");
      await exit;
    };
    return {
      address: join(sockets, config.Interface.Socket),
      startedAt,
      ended: () => ended,
      outside: (path) => hostPath(path, insideOut) ?? join(rootfs, path),
      kill,
      stop: async () => {
        const began = performance.now();
        await runtime.signal(id, "TERM");
        const timer = setTimeout(() => void runtime.signal(id, "KILL"), patience);
        await exit;
        clearTimeout(timer);
        return performance.now() - began;
      },
    };
  };
  return { name, start, close };
}
