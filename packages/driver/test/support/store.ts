import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PackageRequest, type PluginPrivilege, privilegesOfConfig, writePackage } from "@outrigger/driver";
import { parseImageReference } from "@outrigger/plugin";
import { openLayout, treeOfDirectory } from "@outrigger/registry";
import type { PackageParts } from "./host.ts";

/** A package in a layout, with what it asks for granted. */
export interface StoredPackage extends PackageRequest {
  readonly granted: readonly PluginPrivilege[];
}

/** Writes a package into an image layout under `folder`. */
export async function storePackage(folder: string, name: string, { config, files = {} }: PackageParts): Promise<StoredPackage> {
  const reference = parseImageReference(name);
  if (reference === undefined) throw new TypeError(name);
  const rootfs = mkdtempSync(join(folder, "rootfs-"));
  chmodSync(rootfs, 0o755);
  for (const inside of ["run/docker/plugins", "data", "tmp", "usr", "lib", "lib64", "node"])
    mkdirSync(join(rootfs, inside), { recursive: true });
  cpSync(join(import.meta.dirname, "volume-driver.ts"), join(rootfs, "driver.ts"));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(rootfs, path), text);
  const from = join(folder, "store");
  const layout = await openLayout(from, { create: true });
  const tree = await treeOfDirectory(rootfs);
  const { registry, repository, tag } = reference;
  await writePackage(config, tree, layout, `${registry}/${repository}:${tag}`);
  await tree.close();
  rmSync(rootfs, { recursive: true });
  return { reference, from, granted: privilegesOfConfig(config) };
}
