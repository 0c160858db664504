import { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { runtimeErrors } from "../../errors.ts";
import type { BuildProgress, BuildRequest, ImageBuilder, PullRequest, RegistryCredentials } from "../../runtime.ts";
import { type CallOptions, createDockerClient, type DockerClient } from "../client/client.ts";
import { hasCode, isDiskFull, reasonOf, unlessMissing } from "../client/refusal.ts";
import { jsonLines } from "../client/streams.ts";
import type { ImageInspection } from "../client/types.ts";
import { isContentAddress, parseImageName } from "./image-name.ts";

export interface DockerImagesOptions {
  /** `unix:///path` or `tcp://LOOPBACK:PORT`; default DOCKER_HOST, then /var/run/docker.sock. */
  readonly socket?: string;
  /** Network of RUN steps; `host` where the bridge has no way out. Default: `default`. */
  readonly buildNetwork?: "default" | "host";
}

/** Builds and pulls by a Docker Engine. */
export function createDockerImages(options: DockerImagesOptions = {}): ImageBuilder {
  const client = createDockerClient(options.socket);
  return {
    build: (request) => build(client, request, options.buildNetwork ?? "default"),
    pull: (request) => pull(client, request),
    forget: (names) => forget(client, names),
  };
}

/** A message of the engine's stream of a build or pull. */
interface Message {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly aux?: { readonly ID?: string };
}

const keptLines = 20;

async function build(client: DockerClient, request: BuildRequest, network: string): Promise<{ readonly image: string }> {
  const { signal, onProgress } = request;
  const last: string[] = [];
  const answer = await openBuild(client, {
    query: {
      dockerfile: request.file,
      buildargs: request.args ?? {},
      target: request.target,
      labels: request.labels,
      networkmode: network,
      rm: true,
      forcerm: true,
    },
    body: Readable.from(request.context),
    headers: { "content-type": "application/x-tar", "x-registry-config": encode(request.credentials) },
    signal,
  });
  let image: string | undefined;
  for await (const message of jsonLines<Message>(answer)) {
    signal.throwIfAborted();
    if (message.error !== undefined) throw buildError(message.error.trim(), last);
    image = message.aux?.ID ?? image;
    for (const progress of progressOf(message)) {
      onProgress(progress);
      if (progress.line !== undefined && last.push(progress.line) > keptLines) last.shift();
    }
  }
  signal.throwIfAborted();
  if (image === undefined) throw buildError("the engine ended the build without an image", last);
  for (const name of request.names ?? []) await nameImage(client, image, name);
  return { image };
}

/** What the engine finds wrong before the first step, it refuses at once. */
async function openBuild(client: DockerClient, options: CallOptions): Promise<AsyncIterable<Buffer>> {
  try {
    return await client.stream("POST", "/build", options);
  } catch (error) {
    if (hasCode(error, "engine-refused", "not-found", "image-missing", "container-refused")) throw buildError(reasonOf(error), []);
    throw error;
  }
}

/** A step that found the disk full says so in its own output; the engine only knows that the step failed. */
function buildError(reason: string, last: readonly string[]): Error {
  const full = [reason, ...last].find(isDiskFull);
  return full === undefined ? runtimeErrors["build-failed"]({ reason }) : runtimeErrors["image-disk-full"]({ reason: full });
}

async function pull(client: DockerClient, request: PullRequest): Promise<{ readonly image: string; readonly digest?: string }> {
  const failure = isContentAddress(request.image) ? undefined : await tryPull(client, request);
  const found = await inspectImage(client, request.image);
  if (found === undefined) {
    const reason = failure === undefined ? "it was built on this engine, and has been removed since" : reasonOf(failure);
    throw runtimeErrors["image-missing"]({ image: request.image, reason }, { cause: failure });
  }
  if (failure !== undefined) request.onProgress({ line: `${reasonOf(failure)}; using the engine's own ${request.image}` });
  const { repository } = parseImageName(request.image);
  const digest = found.RepoDigests?.find((name) => sameRepository(name, repository))?.split("@")[1];
  return { image: found.Id, ...(digest === undefined ? {} : { digest }) };
}

/** Gives back why the registry did not deliver; throws what has nothing to do with the registry. */
async function tryPull(client: DockerClient, { image, credentials, onProgress, signal }: PullRequest): Promise<unknown> {
  const { registry, repository, tag } = parseImageName(image);
  const auth = credentials === undefined ? {} : { "x-registry-auth": encode({ ...credentials, serveraddress: registry }) };
  try {
    const answer = await client.stream("POST", "/images/create", { query: { fromImage: repository, tag }, headers: auth, signal });
    for await (const message of jsonLines<Message>(answer)) {
      signal.throwIfAborted();
      if (message.error !== undefined && isDiskFull(message.error)) throw runtimeErrors["image-disk-full"]({ reason: message.error });
      if (message.error !== undefined) return message.error;
      for (const progress of progressOf(message)) onProgress(progress);
    }
    signal.throwIfAborted();
    return undefined;
  } catch (error) {
    if (signal.aborted || hasCode(error, "engine-unreachable", "image-disk-full")) throw error;
    return error;
  }
}

async function nameImage(client: DockerClient, image: string, name: string): Promise<void> {
  const colon = name.lastIndexOf(":");
  await client.call("POST", `/images/${image}/tag`, { query: { repo: name.slice(0, colon), tag: name.slice(colon + 1) } });
}

async function forget(client: DockerClient, [own, ...others]: readonly string[]): Promise<void> {
  const image = own === undefined ? undefined : await inspectImage(client, own);
  if (own === undefined || image === undefined) return;
  const same = await Promise.all(others.map(async (name) => ((await inspectImage(client, name))?.Id === image.Id ? [name] : [])));
  // Its own name last: while it is there, what was begun can be done again.
  for (const name of [...same.flat(), own]) await unname(client, name);
}

async function unname(client: DockerClient, name: string): Promise<void> {
  try {
    // Its steps stay: they are the cache of the next build.
    await unlessMissing(client.call("DELETE", `/images/${name}`, { query: { noprune: true } }));
  } catch (error) {
    // 409: a container of someone else's uses it.
    if (!hasCode(error, "engine-refused")) throw error;
  }
}

/** The engine's own copy of an image; undefined where it has none. */
export function inspectImage(client: DockerClient, image: string): Promise<ImageInspection | undefined> {
  return unlessMissing(client.call<ImageInspection>("GET", `/images/${image}/json`));
}

/** The image, pulled if the engine does not have it. @throws image-missing, image-disk-full, engine-unreachable; AbortError */
export async function ensureImage(
  client: DockerClient,
  image: string,
  options: { readonly credentials: (registry: string) => Promise<RegistryCredentials | undefined>; readonly signal: AbortSignal },
): Promise<ImageInspection> {
  const found = await inspectImage(client, image);
  if (found !== undefined) return found;
  const credentials = isContentAddress(image) ? undefined : await options.credentials(parseImageName(image).registry);
  const request = { image, onProgress: () => {}, signal: options.signal, ...(credentials === undefined ? {} : { credentials }) };
  const pulled = await pull(client, request);
  return client.call<ImageInspection>("GET", `/images/${pulled.image}/json`);
}

function* progressOf({ stream, status, id, progressDetail }: Message): Generator<BuildProgress> {
  const { current, total } = progressDetail ?? {};
  if (current !== undefined && total !== undefined && total > 0) {
    yield { bytes: { what: [status, id].filter(Boolean).join(" "), done: current, total } };
    return;
  }
  const text = stream ?? (status === undefined ? "" : [id, status].filter(Boolean).join(": "));
  for (const line of stripVTControlCharacters(text).split("\n")) if (line.trim() !== "") yield { line: line.trimEnd() };
}

function sameRepository(digestName: string, repository: string): boolean {
  const plain = (name: string): string => name.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");
  return plain(digestName.split("@")[0] ?? "") === plain(repository);
}

/** The engine takes credentials as JSON in URL-safe base64 with its padding, which "base64url" would leave out. */
function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}
