import { statSync } from "node:fs";
import { formatImageReference, type ImageReference } from "@outrigger/plugin";
import {
  type ContentSource,
  copyContent,
  type Descriptor,
  familiarName,
  type Layout,
  type LayoutArchive,
  openLayout,
  openLayoutArchive,
  openRepository,
  type RegistryOptions,
  readTrustPolicy,
  referenceKey,
  registryErrors,
  requireTrusted,
  unpackLayer,
  unpackTree,
} from "@outrigger/registry";
import type { RootFolder } from "../root-folder.ts";
import { treeOfLayers } from "./layers.ts";
import type { OpenedPackage, PackageAccess } from "./package-access.ts";

/** Packages from registries and layouts, kept in the host's own content folder; the machine's trust policy counts. */
export function storedPackages(root: RootFolder, options: RegistryOptions = {}): PackageAccess {
  const store = (): Promise<Layout> => openLayout(root.content, { create: true });
  const forget = async (layout: Layout, tag: string): Promise<void> => {
    if ((await layout.list()).some(({ name }) => name === tag)) await layout.remove(tag);
  };
  return {
    open: async ({ reference, from, credentials }) => {
      if (from !== undefined) return openLocalPackage(reference, from);
      const policy = await readTrustPolicy();
      const repository = openRepository(reference, {
        ...options,
        ...(credentials === undefined ? {} : { findCredentials: async () => credentials }),
      });
      try {
        const { descriptor } = await requireTrusted(repository, referenceKey(reference), reference, policy);
        return { source: repository, digest: descriptor.digest, close: repository.close };
      } catch (error) {
        repository.close();
        throw error;
      }
    },
    keep: async (source, digest, tag, tell) => {
      const layout = await store();
      const progress = {
        referrers: false,
        progress: ({ descriptor, bytes }: { readonly descriptor: Descriptor; readonly bytes: number }) => tell(descriptor, bytes),
      };
      await copyContent(source, digest, layout, tag, progress);
      return layout;
    },
    forget: async (tag) => {
      const layout = await store();
      await forget(layout, tag);
      await layout.prune();
    },
    keepOnly: async (tags) => {
      const layout = await store();
      for (const { name } of await layout.list()) if (!tags.includes(name)) await forget(layout, name);
      await layout.prune(0);
    },
    unpack: (source, layers, folder) => unpack(source, layers, folder, root.incoming),
  };
}

/** A package of an image layout, a folder or a tar of one; the machine's trust policy counts. @throws manifest-unknown, package-untrusted, signature-missing */
export async function openLocalPackage(reference: ImageReference, from: string): Promise<OpenedPackage> {
  const layout = statSync(from, { throwIfNoEntry: false })?.isFile() === true ? await openLayoutArchive(from) : await openLayout(from);
  const { descriptor } = await requireTrusted(layout, await nameIn(layout, reference), reference, await readTrustPolicy());
  return { source: layout, digest: descriptor.digest, close: () => {} };
}

/** Layouts name packages in full, those of other tools by the tag alone. */
async function nameIn(layout: Layout | LayoutArchive, reference: ImageReference): Promise<string> {
  if (reference.digest !== null) return reference.digest;
  const names = (await layout.list()).map(({ name }) => name);
  const full = formatImageReference(reference);
  const found = [full, familiarName(full), referenceKey(reference)].find((name) => names.includes(name));
  if (found === undefined) throw registryErrors["manifest-unknown"]({ source: layout.name, reference: full });
  return found;
}

/** A driver has one layer as a rule; several become one first, since what the upper ones remove must never have been there. */
async function unpack(source: ContentSource, layers: readonly Descriptor[], folder: string, temporary: string): Promise<void> {
  const [only, ...more] = layers;
  if (only !== undefined && more.length === 0) return void (await unpackLayer(source.blob(only), folder, { name: only.digest }));
  const tree = await treeOfLayers(source, layers, temporary);
  try {
    await unpackTree(tree, folder);
  } finally {
    await tree.close();
  }
}
