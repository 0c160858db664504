import type { ImageReference } from "@outrigger/plugin";
import * as z from "zod";
import type { ContentSource, ContentTarget, Descriptor } from "../content.ts";
import { registryErrors } from "../errors.ts";
import type { ReferrerSource } from "../layout/layout.ts";
import { manifestLimit } from "../manifests.ts";
import { isManifestType } from "../media-types.ts";
import { downloadBlob } from "./download.ts";
import { readBody } from "./http-client.ts";
import { deleteManifest, getManifest, hasManifest } from "./manifests.ts";
import { nextPage } from "./places.ts";
import { listReferrers, putReferrer } from "./referrers.ts";
import { pullScopes } from "./scopes.ts";
import { createSession, type RegistryOptions, type Session } from "./session.ts";
import { hasBlob, mountBlob, uploadBlob } from "./upload.ts";

/** A repository of a registry (OCI distribution specification 1.1; Docker Registry HTTP API V2). */
export interface Repository extends ContentSource, ContentTarget, ReferrerSource {
  /** As references name it, e.g. `docker.io`. */
  readonly registry: string;
  readonly repository: string;
  readonly tags: () => Promise<readonly string[]>;
  /** Has the registry take a blob over from another of its repositories; false when it does not. */
  readonly mount: (descriptor: Descriptor, from: string) => Promise<boolean>;
  readonly deleteManifest: (digest: string) => Promise<void>;
  /** Closes connections that are kept for later requests. */
  readonly close: () => void;
}

/**
 * A repository, over connections that are kept. Nothing is sent before the first question.
 *
 * Requests that fail in a way that may pass (no connection, 429, 5xx) are made again, after the time that Retry-After asks for; uploads and downloads go on where
 * they were cut. Errors: registry-unreachable, registry-unauthorized, registry-denied, registry-refused, registry-failing, registry-redirect.
 */
export function openRepository(
  { registry, repository }: Pick<ImageReference, "registry" | "repository">,
  options: RegistryOptions = {},
): Repository {
  const session = createSession(registry, options);
  return {
    name: `${registry}/${repository}`,
    registry,
    repository,
    manifest: (reference) => getManifest(session, repository, reference),
    blob: (descriptor) => downloadBlob(session, repository, descriptor),
    has: (descriptor) =>
      isManifestType(descriptor.mediaType) ? hasManifest(session, repository, descriptor.digest) : hasBlob(session, repository, descriptor),
    writeBlob: async (descriptor, content) => {
      if (!(await hasBlob(session, repository, descriptor))) await uploadBlob(session, repository, descriptor, content);
    },
    writeManifest: (manifest, tag) => putReferrer(session, repository, manifest, tag),
    // Whatever speaks against it: the blob can still be sent.
    mount: (descriptor, from) => mountBlob(session, repository, descriptor, from).catch(() => false),
    referrers: (digest, artifactType) => listReferrers(session, repository, digest, artifactType),
    tags: () => listTags(session, repository),
    deleteManifest: (digest) => deleteManifest(session, repository, digest),
    close: session.close,
  };
}

const tagsField = z.looseObject({ tags: z.array(z.string()).nullable() });

async function listTags(session: Session, repository: string): Promise<readonly string[]> {
  const tags = new Set<string>();
  let at: string | URL | undefined = `/v2/${repository}/tags/list`;
  while (at !== undefined) {
    const what = `the tags of ${repository}`;
    const answer = await session.ask({ method: "GET", at, scopes: pullScopes(repository), expect: [200, 404], what });
    const body = await readBody(answer, manifestLimit);
    if (answer.status === 404) throw registryErrors["manifest-unknown"]({ source: session.registry, reference: repository });
    const page = tagsField.safeParse(JSON.parse(body?.toString("utf8") ?? "null"));
    if (!page.success)
      throw registryErrors["registry-refused"]({
        registry: session.registry,
        request: what,
        status: 200,
        reason: "its list can't be read",
      });
    const before = tags.size;
    for (const tag of page.data.tags ?? []) tags.add(tag);
    // A registry that gives the same page again and again is not asked for ever.
    at = tags.size === before ? undefined : nextPage(answer.headers.link, answer.url);
  }
  return [...tags];
}
