/** An image's name taken apart as the engine reads it. */
export interface ImageName {
  /** Host of the registry, `docker.io` where none is named. */
  readonly registry: string;
  /** Name without tag and digest. */
  readonly repository: string;
  /** Tag or digest, `latest` where none is named. */
  readonly tag: string;
}

/** Is it a content address (`sha256:...`) instead of a name? Such an image was built or loaded here; no registry knows it. */
export function isContentAddress(image: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(image);
}

/** `ghcr.io/a/b:1` -> ghcr.io, ghcr.io/a/b, 1; `debian@sha256:...` -> docker.io, debian, sha256:... */
export function parseImageName(image: string): ImageName {
  const [name = "", digest] = image.split("@");
  const colon = name.lastIndexOf(":");
  const hasTag = colon > name.lastIndexOf("/");
  const repository = hasTag ? name.slice(0, colon) : name;
  const first = repository.includes("/") ? (repository.split("/")[0] ?? "") : "";
  const registry = /[.:]/.test(first) || first === "localhost" ? first : "docker.io";
  return { registry, repository, tag: digest ?? (hasTag ? name.slice(colon + 1) : "latest") };
}
