import { cp, mkdir, readFile, realpath, symlink } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { sdkErrors } from "../errors.ts";

/** A package that plug-ins written in JavaScript are run with. */
export interface SdkPackage {
  readonly name: string;
  /** Where it is found by its name. */
  readonly folder: string;
  /** The same without links. */
  readonly source: string;
}

let found: Promise<readonly SdkPackage[]> | undefined;

/** This package first, then all that it needs. @throws package-missing */
export function sdkPackages(): Promise<readonly SdkPackage[]> {
  found ??= findPackages();
  return found;
}

async function findPackages(): Promise<readonly SdkPackage[]> {
  const done = new Map<string, SdkPackage>();
  const visit = async (name: string, from: string): Promise<void> => {
    if (done.has(name)) return;
    const description = findPackageJSON(name, from);
    if (description === undefined) throw sdkErrors["package-missing"]({ name });
    const folder = dirname(description);
    done.set(name, { name, folder, source: await realpath(folder) });
    const { dependencies = {} } = JSON.parse(await readFile(description, "utf8")) as {
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    for (const dependency of Object.keys(dependencies)) await visit(dependency, pathToFileURL(description).href);
  };
  await visit("@outrigger/sdk", import.meta.url);
  return [...done.values()];
}

/**
 * Copies the packages: each into `packages/`, linked in `node_modules/`, since Node strips types outside of node_modules only.
 * @returns where this package's copy is
 */
export async function copyPackages(folder: string): Promise<string> {
  for (const { name, source } of await sdkPackages()) {
    const place = join(folder, "packages", name);
    await cp(source, place, { recursive: true, filter: (path) => !relative(source, path).split("/").includes("node_modules") });
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(link), place), link);
  }
  return join(folder, "packages", "@outrigger/sdk");
}
