import { constants, type Dirent } from "node:fs";
import { access, open, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, resolve, sep } from "node:path";
import type { Origin } from "../../model/origin.ts";
import { declaredTypes } from "./declared-types.ts";
import type { BroughtPlugin, PluginCode } from "./plugin-code.ts";

/** What became of looking: code, or what is wrong in a sentence with its mend. */
export type CodeSearch = { readonly code: PluginCode } | { readonly wrong: string; readonly hint: string };

interface OwnFolder {
  readonly folder: string;
  readonly fromPackage: boolean;
}

const moduleEndings: readonly string[] = [".ts", ".mts", ".js", ".mjs"];

/**
 * Finds a plug-in's code: (1) its `entry`; (2) a file in its folder that is named like it (`list_nodes.so` also finds list_nodes.ts, list_nodes.js,
 * list_nodes.mjs, list_nodes); (3) a module there that exports its type as `pluginType`. A Clusterfile's plug-ins are looked for beside it, in its `plugins/`,
 * and in the image.
 *
 * @param imageFolder the image's plug-ins on this machine
 */
export async function findCode(plugin: BroughtPlugin, imageFolder: string | undefined): Promise<CodeSearch> {
  if (plugin.entry !== undefined) {
    const { origin, path } = plugin.entry;
    const place = placeOf(origin, path, imageFolder);
    return place === undefined ? noImage(plugin) : await codeAt(place, imageFolder, origin.from === "image", packageOf(origin));
  }
  const folders = await foldersOf(plugin, imageFolder);
  const isImages = (folder: string): boolean =>
    plugin.origin.from === "image" || (imageFolder !== undefined && `${folder}${sep}`.startsWith(resolve(imageFolder) + sep));
  for (const folder of folders) {
    const named = await namedLike(plugin.name, folder);
    const [first, second] = named.filter((file) => !file.endsWith(".so")).map((file) => join(folder, file));
    if (first !== undefined && second !== undefined) return several(plugin.name, first, second);
    const found = first ?? (named[0] === undefined ? undefined : join(folder, named[0]));
    if (found !== undefined) return codeAt(found, imageFolder, isImages(folder));
  }
  for (const folder of folders) {
    const [first, second] = (await declaredTypes(folder)).filter(({ type }) => type === plugin.type);
    if (first !== undefined && second !== undefined) return several(plugin.type, first.path, second.path);
    if (first !== undefined) return codeAt(first.path, imageFolder, isImages(folder));
  }
  return {
    wrong: `There is no code for the type ${plugin.type}: looked for a file named ${nameStem(plugin.name)}, and for a module of this type, in ${folders.join(", ") || "no folder"}.`,
    hint: "Name a built-in type, put the module or executable beside the document, or name it as `spec.entry`.",
  };
}

/** A plugin.yaml and its code are one folder; all of a package's is. */
function packageOf(origin: Origin): OwnFolder | undefined {
  if (origin.from !== "package" && (origin.from !== "folder" || !/(^|\/)plugin\.ya?ml$/.test(origin.file))) return undefined;
  return { folder: dirname(resolve(origin.file)), fromPackage: origin.from === "package" };
}

function several(what: string, first: string, second: string): CodeSearch {
  return {
    wrong: `Both ${first} and ${second} could be the code of ${what}.`,
    hint: "Name the one that is meant as `spec.entry`, or remove the other.",
  };
}

function noImage({ name }: BroughtPlugin): CodeSearch {
  return {
    wrong: `The code of ${name} is in its image, which brings no plug-ins along.`,
    hint: "Build the image again with its `plugins/` folder.",
  };
}

/** Where a path of a document lies on this machine. */
function placeOf(origin: Origin, path: string, imageFolder: string | undefined): string | undefined {
  if (origin.from !== "image") return isAbsolute(path) ? path : resolve(dirname(origin.file), path);
  return imageFolder === undefined ? undefined : resolve(imageFolder, inPlugins(path));
}

/** `plugins/a/b.ts` in a rootfs is `a/b.ts` in its folder of plug-ins. */
function inPlugins(path: string): string {
  return path.replace(/^(\.?\/)?plugins?\//, "");
}

async function foldersOf({ origin, overrides }: BroughtPlugin, imageFolder: string | undefined): Promise<readonly string[]> {
  const ofImage = (from: Origin): readonly string[] =>
    imageFolder === undefined
      ? []
      : from.from === "image"
        ? [dirname(resolve(imageFolder, inPlugins(from.path))), imageFolder]
        : [imageFolder];
  const beside = (file: string): readonly string[] => [
    join(dirname(resolve(file)), "plugins"),
    join(dirname(resolve(file)), "plugin"),
    dirname(resolve(file)),
  ];
  const all =
    origin.from === "image"
      ? ofImage(origin)
      : origin.from === "folder"
        ? [dirname(resolve(origin.file))]
        : [...beside(origin.file), ...ofImage(overrides ?? origin)];
  const there = await Promise.all(all.map(async (folder) => (await stat(folder).catch(() => undefined))?.isDirectory() === true));
  return [...new Set(all.filter((_, index) => there[index]))];
}

function nameStem(name: string): string {
  return name.replace(/\.(so|ts|mts|js|mjs)$/, "");
}

/** Files of a folder that have a plug-in's name, with an ending that code has. */
async function namedLike(name: string, folder: string): Promise<readonly string[]> {
  const stem = nameStem(name);
  const entries: readonly Dirent[] = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  const likely = files.filter((file) => file === stem || (nameStem(file) === stem && extname(file) !== ""));
  const programs = await Promise.all(
    files
      .filter((file) => file.startsWith(`${stem}.`) && !likely.includes(file))
      .map(async (file) => (basename(file, extname(file)) === stem && (await isProgram(join(folder, file))) ? file : undefined)),
  );
  return [...likely, ...programs.filter((file) => file !== undefined)].toSorted();
}

/** @param ofImage the image named the place, and may name none outside of its own folder */
async function codeAt(place: string, imageFolder: string | undefined, ofImage: boolean, own?: OwnFolder): Promise<CodeSearch> {
  const path = await realpath(place).catch(() => undefined);
  if (path === undefined || !(await stat(path)).isFile()) {
    return { wrong: `${place} is no file.`, hint: "Check the path; it counts from the document's own folder." };
  }
  const image = imageFolder === undefined ? undefined : await realpath(imageFolder);
  const fromImage = image !== undefined && path.startsWith(image + sep);
  if (!fromImage && ofImage) {
    return { wrong: `${place} leads out of the image's plug-ins, to ${path}.`, hint: "Put the code itself into `plugins/`." };
  }
  const root = own === undefined ? undefined : await realpath(own.folder);
  const inside = root !== undefined && path.startsWith(root + sep);
  const folder = fromImage && image !== undefined ? image : inside ? root : dirname(path);
  const common = { path, folder, fromImage, fromPackage: own?.fromPackage === true };
  if (moduleEndings.includes(extname(path))) return { code: { ...common, kind: "module" } };
  if (path.endsWith(".so") && (await isElf(path))) {
    return {
      wrong: `${place} is a Go plug-in (a shared object), which only the very build of the program that it was made for can load.`,
      hint: "Make it a program of its own with `go build` that speaks the protocol, or a module in TypeScript: docs/cluster-plugins.md shows both.",
    };
  }
  if (await isExecutable(path)) return { code: { ...common, kind: "executable" } };
  return {
    wrong: `${place} is neither a module (${moduleEndings.join(", ")}) nor executable.`,
    hint: `If it is a program: chmod +x ${basename(place)}`,
  };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    async () => ((await stat(path)).mode & 0o111) !== 0 && (await stat(path)).isFile(),
    () => false,
  );
}

/** Also a script that merely is not executable yet, so that this can be said. */
async function isProgram(path: string): Promise<boolean> {
  return (await isExecutable(path)) || (await beginningOf(path, 2)) === "#!";
}

async function isElf(path: string): Promise<boolean> {
  return (await beginningOf(path, 4)) === "\x7fELF";
}

async function beginningOf(path: string, length: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}
