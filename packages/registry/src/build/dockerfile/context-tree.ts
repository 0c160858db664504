import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import dockerignore from "@balena/dockerignore";
import { treeOfDirectory } from "../../layers/directory-tree.ts";
import type { FileTree } from "../../layers/file-tree.ts";
import { instructionWrong } from "./parse.ts";

/** The context without what .dockerignore names, all of it root's. @param file the Dockerfile, whose own .dockerignore counts first */
export async function contextTree(folder: string, file: string): Promise<FileTree> {
  const own = `${file}.dockerignore`;
  const ignoreFile = existsSync(own) ? own : join(folder, ".dockerignore");
  const text = existsSync(ignoreFile) ? readFileSync(ignoreFile, "utf8") : "";
  const rules = dockerignore.default({ ignorecase: false }).add(text);
  // An ignored folder can hold files that a `!` rule brings back.
  const bringsBack = /^\s*!/m.test(text);
  const ignored = (path: string): boolean => rules.ignores(path);
  const tree = await treeOfDirectory(folder, {
    owner: { uid: 0, gid: 0 },
    attributes: "leave",
    filter: (path, stats) => (bringsBack && stats.isDirectory()) || !ignored(path),
  }).catch((error: unknown) => {
    throw instructionWrong(relative(process.cwd(), file), 1, {
      code: "unknown-reference",
      message: `The context ${folder} can't be read: ${String(error)}.`,
    });
  });
  if (!bringsBack) return tree;
  const kept = new Set<string>();
  const entries = tree.entries.toReversed().filter(({ path, kind }) => {
    const keep = kind !== "directory" || !ignored(path) || path === "" || kept.has(path);
    if (keep) kept.add(path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
    return keep;
  });
  return { ...tree, entries: entries.toReversed() };
}
