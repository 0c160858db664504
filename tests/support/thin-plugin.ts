import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./sandbox.ts";

/**
 * Writes what `docker plugin create` takes, for a program of this checkout: its root file system has links only, into the machine's own,
 * which it sees at /host. `folder` is its /data.
 */
export function thinPlugin(
  folder: string,
  { program, types, socket }: { program: string; types: readonly string[]; socket: string },
): void {
  const rootfs = join(folder, "rootfs");
  for (const path of ["host", "data", "tmp", "run/docker/plugins"]) mkdirSync(join(rootfs, path), { recursive: true });
  for (const path of ["lib", "lib64", "usr"]) symlinkSync(`/host/${path}`, join(rootfs, path));
  const mount = (name: string, source: string, destination: string, option: string): object => ({
    name,
    source,
    destination,
    type: "bind",
    options: ["rbind", option],
    settable: [],
    description: "",
  });
  const config = {
    description: "test",
    entrypoint: [`/host${process.execPath}`, `/host${join(root, program)}`],
    interface: { types, socket },
    network: { type: "" },
    mounts: [mount("host", "/", "/host", "ro"), mount("data", folder, "/data", "rw")],
    linux: { capabilities: [] },
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
}
