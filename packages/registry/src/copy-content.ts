import type { ContentSource, ContentTarget, Descriptor, ManifestContent } from "./content.ts";
import { alsoChecked, checkedContent } from "./digest.ts";
import { registryErrors } from "./errors.ts";
import type { ReferrerSource } from "./layout/layout.ts";
import { childrenOf } from "./manifests.ts";
import { isManifestType } from "./media-types.ts";

/** How one blob fares. `there`: it was at the target already; `mounted`: the registry took it over by itself. */
export interface CopyProgress {
  readonly descriptor: Descriptor;
  readonly state: "copying" | "copied" | "there" | "mounted";
  /** Bytes that have passed. */
  readonly bytes: number;
}

export interface CopyOptions {
  /** Blobs at the same time; default 4. */
  readonly parallel?: number;
  /** Whether what refers to the content (signatures) comes along; default true, where the source can be asked for it. */
  readonly referrers?: boolean;
  readonly progress?: (progress: CopyProgress) => void;
}

const mostManifests = 2_000;
/** Signatures of signatures of signatures. */
const deepest = 3;

/**
 * Copies what `reference` names, with all that it leads to, and gives it the name `tag` (none: it has its digest only). What arrives has the same digest.
 * @returns the descriptor of what was copied
 */
export async function copyContent(
  from: ContentSource & Partial<ReferrerSource>,
  reference: string,
  to: ContentTarget,
  tag: string | undefined,
  options: CopyOptions = {},
): Promise<Descriptor> {
  return copyAt(from, reference, to, tag, options, 0);
}

async function copyAt(
  from: ContentSource & Partial<ReferrerSource>,
  reference: string,
  to: ContentTarget,
  tag: string | undefined,
  options: CopyOptions,
  depth: number,
): Promise<Descriptor> {
  const root = await from.manifest(reference);
  const manifests = await manifestsOf(from, root);
  const blobs = new Map<string, Descriptor>();
  for (const content of manifests)
    for (const child of childrenOf(content, from.name)) if (!isManifestType(child.mediaType)) blobs.set(child.digest, child);
  await inParallel([...blobs.values()], options.parallel ?? 4, (blob, ended) => copyBlob(from, blob, to, ended, options.progress));
  for (const content of manifests) await to.writeManifest(content, content === root ? tag : undefined);
  if (options.referrers === false || from.referrers === undefined || depth >= deepest) return root.descriptor;
  for (const { descriptor } of manifests)
    for (const referrer of await from.referrers(descriptor.digest)) await copyAt(from, referrer.digest, to, undefined, options, depth + 1);
  return root.descriptor;
}

/** The manifest and all that it leads to, each once; what an index names stands before it. */
async function manifestsOf(from: ContentSource, root: ManifestContent): Promise<readonly ManifestContent[]> {
  const done = new Map<string, ManifestContent>();
  const wrong = (reason: string): Error =>
    registryErrors["manifest-wrong"]({ source: from.name, reference: root.descriptor.digest, reason });
  let begun = 0;
  const visit = async (content: ManifestContent): Promise<void> => {
    begun += 1;
    if (begun > mostManifests) throw wrong(`it leads to more than ${mostManifests} manifests`);
    for (const child of childrenOf(content, from.name)) {
      if (!isManifestType(child.mediaType) || done.has(child.digest)) continue;
      const below = await from.manifest(child.digest);
      const found = below.descriptor.size;
      if (found !== child.size)
        throw registryErrors["digest-wrong"]({ source: from.name, digest: child.digest, found: `${found} bytes instead of ${child.size}` });
      if (below.descriptor.mediaType !== child.mediaType)
        throw wrong(`it names ${child.digest} as ${child.mediaType}, which is something else`);
      await visit(below);
    }
    done.set(content.descriptor.digest, content);
  };
  await visit(root);
  return [...done.values()];
}

async function copyBlob(
  from: ContentSource,
  descriptor: Descriptor,
  to: ContentTarget,
  ended: AbortSignal,
  progress: CopyOptions["progress"] = () => {},
): Promise<void> {
  if (await mounted(from, descriptor, to)) return progress({ descriptor, state: "mounted", bytes: 0 });
  let bytes = 0;
  let asked = false;
  const pass = async function* (content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    asked = true;
    bytes = 0;
    for await (const piece of content) {
      ended.throwIfAborted();
      bytes += piece.length;
      progress({ descriptor, state: "copying", bytes });
      yield piece;
    }
  };
  // Not every source is one of ours: here it is made sure that what passes is right.
  const content = (): AsyncIterable<Uint8Array> =>
    alsoChecked(pass(checkedContent(from.name, descriptor, from.blob(descriptor))), descriptor);
  await to.writeBlob(descriptor, content);
  progress({ descriptor, state: asked ? "copied" : "there", bytes });
}

/** Two repositories of one registry need not send anything. */
async function mounted(from: ContentSource, descriptor: Descriptor, to: ContentTarget): Promise<boolean> {
  const [source, target] = [from as RepositoryLike, to as RepositoryLike];
  if (source.registry === undefined || source.registry !== target.registry || target.mount === undefined) return false;
  return source.repository !== undefined && source.repository !== target.repository && target.mount(descriptor, source.repository);
}

interface RepositoryLike {
  readonly registry?: string;
  readonly repository?: string;
  readonly mount?: (descriptor: Descriptor, from: string) => Promise<boolean>;
}

/** Does the work on each item, a few at a time; after a failure the others are told to end, and the failure is thrown. */
async function inParallel<T>(items: readonly T[], most: number, work: (item: T, ended: AbortSignal) => Promise<void>): Promise<void> {
  const ended = new AbortController();
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (ended.signal.aborted) return;
      await work(item, ended.signal);
    }
  };
  let failure: { readonly error: unknown } | undefined;
  const workers = Array.from({ length: Math.min(most, items.length) }, () =>
    worker().catch((error: unknown) => {
      failure ??= { error };
      ended.abort(error);
    }),
  );
  await Promise.all(workers);
  if (failure !== undefined) throw failure.error;
}
