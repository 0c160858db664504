import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Layout, registryErrors, treeOfDirectory, unpackTree } from "@outrigger/registry";
import type { PluginConfig } from "../config/plugin-config.ts";
import { readConfig } from "../config/read.ts";
import { driverErrors } from "../errors.ts";
import { findDriverPackage } from "../host/install/found-driver.ts";
import { storedPackages } from "../host/install/stored-packages.ts";
import { rootFolder } from "../host/root-folder.ts";
import { capabilitiesOf } from "../host/run/oci-spec.ts";

/** A package as `packageLauncher` runs it. */
export interface RunnablePackage {
  readonly name: string;
  readonly config: PluginConfig;
  /** Writes its files into an empty folder. */
  readonly unpack: (folder: string) => Promise<void>;
}

const interfaceNames: Readonly<Record<string, string>> = {
  volumedriver: "VolumeDriver",
  networkdriver: "NetworkDriver",
  ipamdriver: "IpamDriver",
  authz: "authz",
  logdriver: "LogDriver",
  metricscollector: "MetricsCollector",
};

/** What a configuration's interface types are called by Plugin.Activate; those that can't be tested are left out. */
export function testedInterfaces({ Interface }: PluginConfig): readonly string[] {
  return capabilitiesOf(Interface.Types).flatMap((capability) => interfaceNames[capability] ?? []);
}

/** Whether a path is a folder as `docker plugin create` takes it. */
export function isPluginFolder(path: string): boolean {
  return existsSync(join(path, "config.json")) && existsSync(join(path, "rootfs"));
}

/** Opens a folder with config.json and rootfs/. @throws driver-config-invalid */
export async function openPluginFolder(path: string): Promise<RunnablePackage> {
  const file = join(path, "config.json");
  const reading = readConfig(await readFile(file, "utf8"), file);
  if (!reading.ok) throw driverErrors["driver-config-invalid"]({ file, reason: "it has mistakes" }, { problems: reading.problems });
  return {
    name: path,
    config: reading.value.config,
    unpack: async (folder) => {
      const tree = await treeOfDirectory(join(path, "rootfs"));
      try {
        await unpackTree(tree, folder);
      } finally {
        await tree.close();
      }
    },
  };
}

/** Opens a package of a store under its whole name. @throws manifest-unknown, package-not-driver */
export async function openStoredPackage(store: Layout, name: string): Promise<RunnablePackage> {
  if (!(await store.list()).some((each) => each.name === name))
    throw registryErrors["manifest-unknown"]({ source: store.name, reference: name });
  const { config, layers, source } = await findDriverPackage(store, name, name);
  return {
    name,
    config,
    unpack: async (folder) => {
      const root = rootFolder(`${folder}.incoming`);
      await mkdir(root.incoming, { recursive: true });
      await storedPackages(root).unpack(source, layers, folder);
    },
  };
}
