import { openSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { closedFolder } from "./closed-folder.ts";
import { copyPackages, sdkPackages } from "./sdk-packages.ts";

/** How a plug-in's module is run: Node, and the SDK's runner, at places that the plug-in's user can reach. */
export interface NodeRunner {
  readonly program: string;
  readonly runner: string;
  /** To be the process's descriptor 3, through which `program` is found. */
  readonly descriptor?: number;
  /** All that is read to run a module, beside the module's own folder. */
  readonly folders: readonly string[];
}

/** The programs of this package that run modules of plug-ins. */
export type RunnerName = "@outrigger/sdk/run-plugin" | "@outrigger/sdk/run-cluster-plugin";

const copies = new Map<string, Promise<string>>();

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
  const packages = await sdkPackages();
  const own = [...new Set(packages.flatMap(({ folder, source }) => [folder, source]))];
  if (user === undefined) return { program, runner, folders: own };
  const reached = isOpen(runner) ? { runner, folders: own } : await copied(run, relative(packages[0]?.source ?? "", runner));
  return isOpen(program) ? { program, ...reached } : { program: "/proc/self/fd/3", ...reached, descriptor: openSync(program, "r") };
}

/** True where everybody can read a file. */
function isOpen(path: string): boolean {
  return (statSync(path).mode & 0o004) !== 0 && closedFolder(dirname(path)) === undefined;
}

async function copied(run: string, runner: string): Promise<Pick<NodeRunner, "runner" | "folders">> {
  const folder = join(run, "sdk");
  const known = copies.get(run) ?? copyPackages(folder);
  copies.set(run, known);
  return { runner: join(await known, runner), folders: [folder] };
}
