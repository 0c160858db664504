import { rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { afterAction, type ImageSource, isPodPlugin, type PluginManifest } from "@outrigger/plugin";
import { serverErrors } from "../errors.ts";
import type { Services } from "../services.ts";
import type { BuildRow } from "../store/builds.ts";
import { findVersion, type VersionKey } from "../store/plugins.ts";
import { type Context, receiveContext } from "./context.ts";
import type { BuildSource, DockerfileOptions } from "./job.ts";

type Parts = Pick<Services, "db" | "limits" | "uploads" | "builds" | "records">;

/** Takes a version's build into the queue. @throws version-unknown, version-fixed, version-busy, build-queue-full, what a bad context gives */
export async function startVersionBuild(parts: Parts, key: VersionKey, body: Readable | undefined): Promise<BuildRow> {
  parts.builds.assertRoom();
  const version = await findVersion(parts.db, key);
  if (version === undefined) throw serverErrors["version-unknown"](key);
  afterAction(version.state, "build", version);
  const manifest = JSON.parse(version.manifest) as PluginManifest;
  if (!isPodPlugin(manifest)) throw serverErrors["build-layer"]({ plugin: key.plugin, layer: manifest.spec.layer });
  const source = await sourceOf(parts, `${key.plugin}@${key.version}`, manifest.spec.pod.source, body);
  // The upload took its time; opening the build looks again at the version's state and manifest.
  return await enqueue(parts, source, () => parts.records.openVersionBuild({ ...key, etag: version.etag }, contextOf(source)?.digest));
}

/** Takes the build of a component's image into the queue. The component need not exist yet. */
export async function startComponentBuild(
  parts: Parts,
  key: { readonly team: string; readonly application: string; readonly component: string },
  options: DockerfileOptions,
  body: Readable | undefined,
): Promise<BuildRow> {
  parts.builds.assertRoom();
  const source = await sourceOf(parts, `${key.application}/${key.component}`, { dockerfile: { context: ".", ...options } }, body);
  const digest = contextOf(source)?.digest ?? "";
  return await enqueue(parts, source, () => parts.records.openComponentBuild(key.team, key.application, key.component, digest));
}

async function enqueue(parts: Parts, source: BuildSource, open: () => Promise<BuildRow>): Promise<BuildRow> {
  try {
    parts.builds.assertRoom();
    const build = await open();
    parts.builds.add({ build, source });
    return build;
  } catch (error) {
    const context = contextOf(source);
    if (context !== undefined) await rm(context.path, { force: true });
    throw error;
  }
}

async function sourceOf(parts: Parts, subject: string, source: ImageSource, body: Readable | undefined): Promise<BuildSource> {
  if (source.dockerfile !== undefined) {
    const { file, args, target } = source.dockerfile;
    if (body === undefined) throw serverErrors["context-required"]({ subject });
    const context = await receiveContext(body, parts.uploads, parts.limits.contextBytes, file);
    return { kind: "dockerfile", context, options: { file, ...(args && { args }), ...(target && { target }) } };
  }
  if (body !== undefined) {
    throw serverErrors["context-unwanted"]({ subject, source: source.git === undefined ? "an image" : "a git repository" });
  }
  return source.git === undefined ? { kind: "image", image: source.image ?? "" } : { kind: "git", git: source.git };
}

function contextOf(source: BuildSource): Context | undefined {
  return source.kind === "dockerfile" ? source.context : undefined;
}
