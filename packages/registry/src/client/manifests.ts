import type { ManifestContent } from "../content.ts";
import { digestOf, digestPattern } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import { manifestFrom, manifestLimit } from "../manifests.ts";
import { mediaTypes } from "../media-types.ts";
import { discard, readBody } from "./http-client.ts";
import { pullScopes, pushScopes } from "./scopes.ts";
import type { Session } from "./session.ts";

const accept = [mediaTypes.dockerManifest, mediaTypes.dockerManifestList, mediaTypes.ociManifest, mediaTypes.ociIndex, "*/*"].join(", ");

/**
 * The manifest or index under a tag or digest, with its digest checked against what was asked for and what the registry says.
 * @throws manifest-unknown, manifest-too-large, manifest-wrong, digest-wrong, registry-*
 */
export async function getManifest(session: Session, repository: string, reference: string): Promise<ManifestContent> {
  const source = `${session.registry}/${repository}`;
  const answer = await session.ask({
    method: "GET",
    at: `/v2/${repository}/manifests/${reference}`,
    headers: { accept },
    scopes: pullScopes(repository),
    expect: [200, 404],
    what: `the manifest ${reference} of ${repository}`,
  });
  if (answer.status === 404) {
    await discard(answer);
    throw registryErrors["manifest-unknown"]({ source, reference });
  }
  const bytes = await readBody(answer, manifestLimit).catch((cause: unknown) => {
    session.options.signal?.throwIfAborted();
    throw registryErrors["registry-unreachable"]({ registry: session.registry, reason: "the connection broke" }, { cause });
  });
  if (bytes === undefined) {
    const length = answer.headers["content-length"];
    throw registryErrors["manifest-too-large"]({ source, reference, size: length === undefined ? "more" : `${length} bytes` });
  }
  const told = answer.headers["docker-content-digest"];
  for (const expected of [
    digestPattern.test(reference) ? reference : undefined,
    typeof told === "string" && digestPattern.test(told) ? told : undefined,
  ])
    if (expected !== undefined && digestOf(bytes) !== expected)
      throw registryErrors["digest-wrong"]({ source, digest: expected, found: digestOf(bytes) });
  return manifestFrom(bytes, answer.headers["content-type"]?.split(";")[0]?.trim(), source, reference);
}

/** True when the repository has the manifest of this digest. */
export async function hasManifest(session: Session, repository: string, digest: string): Promise<boolean> {
  const answer = await session.ask({
    method: "HEAD",
    at: `/v2/${repository}/manifests/${digest}`,
    headers: { accept },
    scopes: pushScopes(repository),
    expect: [200, 404],
    what: `whether ${repository} has ${digest}`,
  });
  await discard(answer);
  return answer.status === 200;
}

/** Writes a manifest under a tag, else under its digest. @returns whether the registry itself keeps account of its subject (OCI-Subject) */
export async function putManifest(
  session: Session,
  repository: string,
  { descriptor, bytes }: ManifestContent,
  tag?: string,
): Promise<boolean> {
  const answer = await session.ask({
    method: "PUT",
    at: `/v2/${repository}/manifests/${tag ?? descriptor.digest}`,
    headers: { "content-type": descriptor.mediaType, "content-length": String(bytes.length) },
    body: async function* () {
      yield bytes;
    },
    scopes: pushScopes(repository),
    expect: [201, 200],
    what: `the manifest ${tag ?? descriptor.digest} for ${repository}`,
  });
  await discard(answer);
  const told = answer.headers["docker-content-digest"];
  if (typeof told === "string" && told !== descriptor.digest)
    throw registryErrors["digest-wrong"]({ source: `${session.registry}/${repository}`, digest: descriptor.digest, found: told });
  return answer.headers["oci-subject"] !== undefined;
}

/** @throws manifest-unknown, registry-refused where the registry keeps everything (status 405) */
export async function deleteManifest(session: Session, repository: string, digest: string): Promise<void> {
  const answer = await session.ask({
    method: "DELETE",
    at: `/v2/${repository}/manifests/${digest}`,
    scopes: [`repository(plugin):${repository}:delete,pull`, `repository:${repository}:delete,pull`],
    expect: [200, 202, 404],
    what: `to delete ${digest} of ${repository}`,
  });
  await discard(answer);
  if (answer.status === 404) throw registryErrors["manifest-unknown"]({ source: `${session.registry}/${repository}`, reference: digest });
}
