import { isOutriggerError } from "@outrigger/plugin";
import type { Descriptor, ManifestContent } from "../content.ts";
import { registryErrors } from "../errors.ts";
import { manifestFrom, manifestLimit, parseIndex, parseManifest, subjectOf, writeManifestBytes } from "../manifests.ts";
import { isIndexType, mediaTypes } from "../media-types.ts";
import { discard, type HttpAnswer, readBody } from "./http-client.ts";
import { getManifest, putManifest } from "./manifests.ts";
import { nextPage } from "./places.ts";
import { pullScopes } from "./scopes.ts";
import type { Session } from "./session.ts";

const mostPages = 1_000;

/**
 * What refers to a digest: from the referrers API, or, where a registry has none, from the index under the tag `sha256-HEX`
 * (OCI distribution specification 1.1, "Listing Referrers").
 */
export async function listReferrers(
  session: Session,
  repository: string,
  digest: string,
  artifactType?: string,
): Promise<readonly Descriptor[]> {
  const query = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const found: Descriptor[] = [];
  let at: string | URL | undefined = `/v2/${repository}/referrers/${digest}${query}`;
  for (let pages = 0; at !== undefined && pages < mostPages; pages += 1) {
    const answer = await session.ask({
      method: "GET",
      at,
      headers: { accept: mediaTypes.ociIndex },
      scopes: pullScopes(repository),
      expect: [200, 400, 404, 405, 406, 501],
      what: `what refers to ${digest} of ${repository}`,
    });
    const index = await indexIn(session, repository, digest, answer);
    if (index === undefined) {
      found.push(...(await taggedReferrers(session, repository, digest)));
      break;
    }
    found.push(...index);
    at = nextPage(answer.headers.link, answer.url);
  }
  return artifactType === undefined ? found : found.filter((each) => each.artifactType === artifactType);
}

/** Undefined for answers of a registry that does not know the API. */
async function indexIn(
  session: Session,
  repository: string,
  digest: string,
  answer: HttpAnswer,
): Promise<readonly Descriptor[] | undefined> {
  if (answer.status !== 200 || !isIndexType(answer.headers["content-type"]?.split(";")[0] ?? "")) {
    await discard(answer);
    return undefined;
  }
  const source = `${session.registry}/${repository}`;
  const bytes = await readBody(answer, manifestLimit);
  if (bytes === undefined) throw registryErrors["manifest-too-large"]({ source, reference: `the referrers of ${digest}`, size: "more" });
  return parseIndex(manifestFrom(bytes, mediaTypes.ociIndex, source, digest), source).manifests;
}

function tagOf(digest: string): string {
  return digest.replace(":", "-");
}

async function taggedReferrers(session: Session, repository: string, digest: string): Promise<readonly Descriptor[]> {
  try {
    const content = await getManifest(session, repository, tagOf(digest));
    return isIndexType(content.descriptor.mediaType) ? parseIndex(content, `${session.registry}/${repository}`).manifests : [];
  } catch (error) {
    if (isOutriggerError(error) && error.code === "manifest-unknown") return [];
    throw error;
  }
}

/** Writes a manifest; where it has a subject and the registry keeps no account of that itself, its entry is added to the index under the tag. */
export async function putReferrer(session: Session, repository: string, content: ManifestContent, tag?: string): Promise<void> {
  const keptThere = await putManifest(session, repository, content, tag);
  const subject = subjectOf(content);
  if (subject === undefined || keptThere) return;
  const before = await taggedReferrers(session, repository, subject.digest);
  if (before.some(({ digest }) => digest === content.descriptor.digest)) return;
  const manifests = [...before, { ...content.descriptor, ...aboutReferrer(content, `${session.registry}/${repository}`) }];
  const index = writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  await putManifest(session, repository, index, tagOf(subject.digest));
}

function aboutReferrer(content: ManifestContent, source: string): Partial<Descriptor> {
  if (isIndexType(content.descriptor.mediaType)) return {};
  const { artifactType, config, annotations } = parseManifest(content, source);
  return { artifactType: artifactType ?? config.mediaType, ...(annotations === undefined ? {} : { annotations }) };
}
