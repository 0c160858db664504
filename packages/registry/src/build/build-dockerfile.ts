import { existsSync, readFileSync } from "node:fs";
import { registryErrors } from "../errors.ts";
import type { FileTree } from "../layers/file-tree.ts";
import { buildWithBuilder } from "./builder/run-builder.ts";
import { contextTree } from "./dockerfile/context-tree.ts";
import { interpretDockerfile } from "./dockerfile/interpret.ts";
import { parseDockerfile } from "./dockerfile/parse.ts";
import { neededStages, needsBuilder, stagesOf } from "./dockerfile/stages.ts";
import type { ImageFiles } from "./image-files.ts";

export interface DockerfileRequest {
  readonly context: string;
  readonly file: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  /** What is built for, as Go names it; the system is linux. */
  readonly architecture: string;
  /** The files of an image in a registry or in the local store. */
  readonly openImage: (reference: string, architecture: string) => Promise<ImageFiles>;
  /** Told what is done, a line at a time. */
  readonly say: (line: string) => void;
}

/** What a Dockerfile makes: in-process where nothing has to be run, else by a builder that is there. @throws dockerfile-unusable, builder-missing, builder-failed */
export async function buildDockerfile(request: DockerfileRequest): Promise<ImageFiles> {
  const { file, args, target, architecture, openImage } = request;
  if (!existsSync(file)) throw registryErrors["dockerfile-unusable"]({ file, reason: "it is not there" });
  const parsed = parseDockerfile(readFileSync(file, "utf8"), file);
  const stages = stagesOf(parsed);
  const needed = neededStages(stages.stages, target);
  if (needed === undefined) {
    if (target === undefined) throw registryErrors["dockerfile-unusable"]({ file, reason: "it has no FROM" });
    throw registryErrors["dockerfile-unusable"]({ file, reason: `it has no stage ${target}` });
  }
  const beyond = needsBuilder(stages.stages, needed);
  if (beyond !== undefined) return buildWithBuilder(request, `${beyond.what} (line ${beyond.line})`);
  const files = await contextTree(request.context, file);
  const opened: FileTree[] = [files];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((tree) => tree.close()));
  };
  try {
    const { tree, config } = await interpretDockerfile({ parsed, stages, needed, context: files, args, architecture, openImage }, opened);
    return { tree: { ...tree, close }, config };
  } catch (error) {
    await close();
    throw error;
  }
}
