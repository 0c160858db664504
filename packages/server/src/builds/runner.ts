import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { parseImageName, type RegistryCredentials } from "@outrigger/runtime";
import type { CredentialStore } from "../credentials.ts";
import { builtImageNames } from "../image-names.ts";
import type { Services } from "../services.ts";
import { type Context, checkContext } from "./context.ts";
import { fetchGitContext } from "./git.ts";
import { type BuildJob, type DockerfileOptions, subjectOf } from "./job.ts";
import type { BuildLog } from "./log.ts";

export interface BuiltImage {
  readonly image: string;
  /** The registry's digest of a pulled image. */
  readonly imageDigest?: string;
  readonly contextDigest?: string;
}

export type RunnerParts = Pick<Services, "owner" | "images" | "limits" | "uploads"> & { readonly credentials: CredentialStore };

/** Makes a job's image. Leaves no file behind, however it ends. @throws what git and the image builder throw; AbortError */
export async function runBuild(parts: RunnerParts, job: BuildJob, log: BuildLog, signal: AbortSignal): Promise<BuiltImage> {
  const { source, build } = job;
  if (source.kind === "image") return await pull(parts, source.image, build.team, log, signal);
  if (source.kind === "dockerfile") return await buildContext(parts, job, source.context, source.options, log, signal);
  const context = await fetchGitContext({
    source: source.git,
    folder: parts.uploads,
    limit: parts.limits.contextBytes,
    localGit: parts.limits.localGit,
    credentials: (host) => parts.credentials.find(build.team, "git", host),
    onLine: (line) => log.add({ line }),
    signal,
  });
  return await buildContext(parts, job, context, { file: source.git.file }, log, signal);
}

async function pull(parts: RunnerParts, image: string, team: string, log: BuildLog, signal: AbortSignal): Promise<BuiltImage> {
  const credentials = await parts.credentials.find(team, "registry", parseImageName(image).registry);
  const pulled = await parts.images.pull({ image, ...(credentials && { credentials }), onProgress: log.add, signal });
  return { image: pulled.image, ...(pulled.digest === undefined ? {} : { imageDigest: pulled.digest }) };
}

async function buildContext(
  parts: RunnerParts,
  job: BuildJob,
  context: Context,
  options: DockerfileOptions,
  log: BuildLog,
  signal: AbortSignal,
): Promise<BuiltImage> {
  try {
    await checkContext(createReadStream(context.path), options.file);
    const credentials: Readonly<Record<string, RegistryCredentials>> = await parts.credentials.all(job.build.team, "registry");
    const { image } = await parts.images.build({
      context: createReadStream(context.path),
      ...options,
      names: builtImageNames(parts.owner, job.build),
      labels: { "dev.outrigger.team": job.build.team, "dev.outrigger.subject": subjectOf(job.build) },
      credentials,
      onProgress: log.add,
      signal,
    });
    return { image, contextDigest: context.digest };
  } finally {
    await rm(context.path, { force: true });
  }
}
