import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import dockerignore from "@balena/dockerignore";
import { type FileTree, treeOfDirectory } from "@outrigger/registry";
import { driverErrors } from "../../errors.ts";
import { interpretDockerfile } from "../dockerfile/interpret.ts";
import { instructionWrong, parseDockerfile } from "../dockerfile/parse.ts";
import { neededStages, needsBuilder, stagesOf } from "../dockerfile/stages.ts";
import { buildWithBuilder } from "./builder.ts";
import type { OpenedSource, SourceContext } from "./opened-source.ts";

export interface DockerfileRequest {
  readonly context: string;
  readonly file: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** What a Dockerfile makes: in-process where nothing has to be run, else by a builder that is there. @throws dockerfile-unusable, builder-missing, builder-failed */
export async function dockerfileSource(request: DockerfileRequest, context: SourceContext): Promise<OpenedSource> {
  const { file } = request;
  if (!existsSync(file)) throw driverErrors["dockerfile-unusable"]({ file, reason: "it is not there" });
  const args = { ...request.args, ...context.buildArgs };
  const target = context.target ?? request.target;
  const parsed = parseDockerfile(readFileSync(file, "utf8"), file);
  const stages = stagesOf(parsed);
  const needed = neededStages(stages.stages, target);
  if (needed === undefined) {
    if (target === undefined) throw driverErrors["dockerfile-unusable"]({ file, reason: "it has no FROM" });
    throw driverErrors["dockerfile-unusable"]({ file, reason: `it has no stage ${target}` });
  }
  const beyond = needsBuilder(stages.stages, needed);
  if (beyond !== undefined) {
    return buildWithBuilder(
      { ...request, args, ...(target === undefined ? {} : { target }) },
      `${beyond.what} (line ${beyond.line})`,
      context,
    );
  }
  const files = await contextTree(request.context, file);
  const opened: FileTree[] = [files];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((tree) => tree.close()));
  };
  try {
    const { architecture, openImage } = context;
    const { tree, image } = await interpretDockerfile({ parsed, stages, needed, context: files, args, architecture, openImage }, opened);
    return { tree: { ...tree, close }, image, architecture };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The context without what .dockerignore names, all of it root's. */
async function contextTree(folder: string, file: string): Promise<FileTree> {
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
