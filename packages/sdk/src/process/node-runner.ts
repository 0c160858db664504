import { openSync, statSync } from "node:fs";
import { cp, mkdir, readFile, realpath, symlink } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { sdkErrors } from "../errors.ts";
import { closedFolder } from "./closed-folder.ts";

/** How a plug-in's module is run: Node, and the SDK's runner, at places that the plug-in's user can reach. */
export interface NodeRunner {
  readonly program: string;
  readonly runner: string;
  /** To be the process's descriptor 3, through which `program` is found. */
  readonly descriptor?: number;
}

/** The programs of this package that run modules of plug-ins. */
export type RunnerName = "@outrigger/sdk/run-plugin" | "@outrigger/sdk/run-cluster-plugin";

interface SdkCopy {
  readonly folder: string;
  readonly source: string;
}

const copies = new Map<string, Promise<SdkCopy>>();

/**
 * Outrigger itself may lie where only its owner can look, such as in root's home: Node is then started through an open descriptor, and the SDK is copied once into `run`.
 *
 * @param name the program of this package, as it is exported
 * @param user that the process will have; undefined: this one's own
 * @param run a folder of this process's own, open to that user
 */
export async function nodeRunner(name: RunnerName, user: number | undefined, run: string): Promise<NodeRunner> {
  const runner = fileURLToPath(import.meta.resolve(name));
  const program = process.execPath;
  if (user === undefined) return { program, runner };
  const reached = isOpen(runner) ? runner : await copyOf(run, runner);
  return isOpen(program)
    ? { program, runner: reached }
    : { program: "/proc/self/fd/3", runner: reached, descriptor: openSync(program, "r") };
}

/** True where everybody can read a file. */
function isOpen(path: string): boolean {
  return (statSync(path).mode & 0o004) !== 0 && closedFolder(dirname(path)) === undefined;
}

async function copyOf(run: string, runner: string): Promise<string> {
  const known = copies.get(run) ?? copySdk(join(run, "sdk"));
  copies.set(run, known);
  const { folder, source } = await known;
  return join(folder, relative(source, runner));
}

/** The SDK with all that it needs: each package in `packages/`, linked in `node_modules/`, since Node strips types outside of node_modules only. */
async function copySdk(folder: string): Promise<SdkCopy> {
  const done = new Map<string, string>();
  const visit = async (name: string, from: string): Promise<void> => {
    if (done.has(name)) return;
    const description = findPackageJSON(name, from);
    if (description === undefined) throw sdkErrors["package-missing"]({ name });
    const source = await realpath(dirname(description));
    done.set(name, source);
    const place = join(folder, "packages", name);
    await cp(source, place, { recursive: true, filter: (path) => !relative(source, path).split("/").includes("node_modules") });
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(link), place), link);
    const { dependencies = {} } = JSON.parse(await readFile(description, "utf8")) as {
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    for (const dependency of Object.keys(dependencies)) await visit(dependency, pathToFileURL(description).href);
  };
  await visit("@outrigger/sdk", import.meta.url);
  return { folder: join(folder, "packages", "@outrigger/sdk"), source: done.get("@outrigger/sdk") ?? "" };
}
