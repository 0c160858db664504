/** An image's reference in its full form, as the engine completes short ones (distribution/reference, normalize.go). */
export interface ImageReference {
  /** In lower case, with its port: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** `library/nginx` */
  readonly repository: string;
  /** Null where there is a digest and no tag. */
  readonly tag: string | null;
  /** `sha256:...` or null. */
  readonly digest: string | null;
}

const digestPattern = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;
const repositoryPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const registryPattern = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d+)?$/;

/** `nginx` -> docker.io, library/nginx, latest. Undefined for what is no reference by name. Whether it is an image's id is another question: {@link mayBeImageId}. */
export function parseImageReference(text: string): ImageReference | undefined {
  const [named = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) return undefined;
  const slash = named.indexOf("/");
  const first = named.slice(0, Math.max(0, slash));
  const hasRegistry = slash > 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const rest = hasRegistry ? named.slice(slash + 1) : named;
  const colon = rest.lastIndexOf(":");
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? null : rest.slice(colon + 1);
  const given = hasRegistry ? first.toLowerCase() : "docker.io";
  const registry = given === "index.docker.io" ? "docker.io" : given;
  const repository = registry === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  if (!registryPattern.test(registry) || !repositoryPattern.test(repository) || (tag !== null && !tagPattern.test(tag))) return undefined;
  return { registry, repository, tag: tag ?? (digest === undefined ? "latest" : null), digest: digest ?? null };
}

/** `docker.io/library/nginx:latest` */
export function formatImageReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === null ? "" : `:${tag}`}${digest === null ? "" : `@${digest}`}`;
}

/** True for what the engine may take as an image's id, whole or shortened, rather than as its name: `sha256:...`, `4bb46517cac3`. */
export function mayBeImageId(text: string): boolean {
  return /^(?:sha256:)?[0-9a-f]{1,64}$/i.test(text);
}
