import { type ContentSource, checkedContent, type FileTree, manifestFrom, registryErrors } from "@outrigger/registry";

/** An image layout inside a tree (a tar of one), and the names in its index. */
export interface TreeLayout extends ContentSource {
  readonly names: readonly string[];
}

interface IndexEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Reads a layout (image-layout.md) that is not unpacked. A manifest without a name has its digest for one. @throws layout-wrong */
export async function treeLayout(tree: FileTree, name: string): Promise<TreeLayout> {
  const byPath = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const limit = 4 * 1024 * 1024;
  const read = async (path: string): Promise<Buffer> => {
    const entry = byPath.get(path);
    if (entry?.kind !== "file") throw registryErrors["manifest-unknown"]({ source: name, reference: path });
    if (entry.size > limit) throw registryErrors["layout-wrong"]({ path: name, reason: `${path} has ${entry.size} bytes` });
    return Buffer.concat(await Array.fromAsync(tree.content(entry), (piece) => Buffer.from(piece)));
  };
  const entries = indexEntries(await read("index.json"), name);
  const nameOf = (entry: IndexEntry): string => entry.annotations?.["org.opencontainers.image.ref.name"] ?? entry.digest;
  const pathOf = (digest: string): string => `blobs/${digest.replace(":", "/")}`;
  return {
    name,
    names: entries.map(nameOf),
    manifest: async (reference) => {
      const entry = entries.find((each) => nameOf(each) === reference || each.digest === reference);
      return manifestFrom(await read(pathOf(entry?.digest ?? reference)), entry?.mediaType, name, reference);
    },
    blob: (descriptor) => {
      const entry = byPath.get(pathOf(descriptor.digest));
      if (entry?.kind !== "file") throw registryErrors["content-unknown"]({ source: name, digest: descriptor.digest });
      return checkedContent(name, descriptor, tree.content(entry));
    },
  };
}

function indexEntries(bytes: Buffer, name: string): readonly IndexEntry[] {
  const wrong = (reason: string): Error => registryErrors["layout-wrong"]({ path: name, reason });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw wrong("index.json is not JSON");
  }
  const manifests = typeof value === "object" && value !== null && "manifests" in value ? value.manifests : undefined;
  const good =
    Array.isArray(manifests) && manifests.every((each: Partial<IndexEntry> | null) => /^sha256:[0-9a-f]{64}$/.test(each?.digest ?? ""));
  if (!good) throw wrong("index.json lists no manifests by their digests");
  return manifests as readonly IndexEntry[];
}
