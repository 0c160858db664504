import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { wordsOf } from "@outrigger/plugin";
import { type FileTree, piecesOf, treeFiles, treeOfPieces, unpackTree } from "@outrigger/registry";
import { isMap, isScalar, LineCounter, parseDocument, visit, type YAMLMap } from "yaml";
import { textOf } from "../plugin-files.ts";
import { manifestImages } from "./manifest-images.ts";
import type { FoundImages, NamedImage } from "./named-image.ts";

const execute = promisify(execFile);

/** The images of one chart, a folder of a tree. Rendered by helm where it is installed, with the chart's own values; else read from its values and templates. */
export async function chartImages(tree: FileTree, folder: string): Promise<FoundImages> {
  const scratch = await mkdtemp(join(tmpdir(), "outrigger-chart-"));
  try {
    await unpackTree(within(tree, folder), join(scratch, "chart"), { owner: "mine" });
    const { stdout } = await execute("helm", ["template", "outrigger", join(scratch, "chart")], {
      maxBuffer: 64 * 2 ** 20,
      timeout: 120_000,
    });
    const images = manifestImages(stdout, folder);
    if (images !== undefined) return { images: images.map((each) => ({ ...each, line: 0 })), warnings: [] };
    return { images: [], warnings: [`${folder}: what helm makes of it is not YAML, so its images were not gathered.`] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return readChart(tree, folder);
    const { images, warnings } = await readChart(tree, folder);
    const [reason = ""] = (error as { stderr?: string }).stderr?.trim().split("\n") ?? [];
    return { images, warnings: [`${folder}: helm can't render it: ${reason || wordsOf(error)}.`, ...warnings] };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Without helm: `image`, or `repository` with `tag`, of values.yaml, and images that templates name outright. */
async function readChart(tree: FileTree, folder: string): Promise<FoundImages> {
  const files = treeFiles(tree);
  const images: NamedImage[] = [];
  const open: string[] = [];
  for (const { path, kind } of tree.entries) {
    if (kind !== "file" || !path.startsWith(`${folder}/`) || !/\.ya?ml$/.test(path)) continue;
    const entry = files.at(path);
    const text = entry === undefined ? "" : await textOf(files, entry);
    if (/(^|\/)values\.ya?ml$/.test(path)) {
      const version = await appVersion(tree, path.slice(0, path.lastIndexOf("/")));
      images.push(...valuesImages(text, path, version));
    } else if (path.includes("/templates/")) {
      for (const [index, line] of text.split("\n").entries()) {
        const [, image = ""] = /^\s*(?:- )?image:\s*["']?([^"'\s#]+)["']?\s*(?:#.*)?$/.exec(line) ?? [];
        if (image !== "" && !image.includes("{{")) images.push({ image, file: path, line: index + 1 });
        else if (/^\s*(?:- )?image:.*\{\{/.test(line)) open.push(`${path}:${index + 1}`);
      }
    }
  }
  const places =
    open.length === 0 ? "" : ` Look at ${open.slice(0, 5).join(", ")}${open.length > 5 ? ` and ${open.length - 5} more` : ""}.`;
  const warning = `${folder}: helm is not installed, so its images were read from values.yaml; list others in imageList.${places}`;
  return { images, warnings: [warning] };
}

function valuesImages(text: string, file: string, version: string | undefined): readonly NamedImage[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, logLevel: "silent" });
  if (document.errors.length > 0) return [];
  const found: NamedImage[] = [];
  const add = (image: string, offset: number): void => {
    found.push({ image, file, line: lines.linePos(offset).line });
  };
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || key.value !== "image" || !isScalar(value) || typeof value.value !== "string" || value.value === "") return;
      add(value.value, value.range?.[0] ?? 0);
    },
    Map: (_, map) => {
      const repository = textIn(map, "repository");
      if (repository === undefined) return;
      const [registry, tag, digest] = [textIn(map, "registry"), textIn(map, "tag") ?? version, textIn(map, "digest")];
      // A repository of charts or of git is an address.
      if (repository.includes("://") || (tag === undefined && digest === undefined)) return;
      const name = registry === undefined ? repository : `${registry}/${repository}`;
      add(digest === undefined ? `${name}:${tag}` : `${name}@${digest}`, map.range?.[0] ?? 0);
    },
  });
  return found;
}

function textIn(map: YAMLMap, key: string): string | undefined {
  const value: unknown = map.get(key);
  return (typeof value === "string" && value !== "") || typeof value === "number" ? String(value) : undefined;
}

async function appVersion(tree: FileTree, folder: string): Promise<string | undefined> {
  const files = treeFiles(tree);
  const entry = files.follow(`${folder}/Chart.yaml`);
  if (entry === undefined || entry.kind !== "file") return undefined;
  const document = parseDocument(await textOf(files, entry), { logLevel: "silent" });
  return isMap(document.contents) ? textIn(document.contents as YAMLMap, "appVersion") : undefined;
}

/** A folder of a tree as a tree; links that lead nowhere in it are left out. */
function within(tree: FileTree, folder: string): FileTree {
  return treeOfPieces(
    piecesOf(tree, (entry) => {
      const { path, kind } = entry;
      const isWithin = (path === folder || path.startsWith(`${folder}/`)) && (kind === "file" || kind === "directory");
      return isWithin ? { ...entry, path: path.slice(folder.length + 1) } : undefined;
    }),
  );
}
