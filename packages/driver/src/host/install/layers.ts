import { type ContentSource, type Descriptor, type FileTree, squashTrees, treeOfTar } from "@outrigger/registry";

/** The files of a driver's layers, from the lowest to the highest: what the upper ones remove was never there. @throws what the source throws */
export async function treeOfLayers(source: ContentSource, layers: readonly Descriptor[], temporary: string): Promise<FileTree> {
  const trees = [];
  for (const layer of layers) trees.push(await treeOfTar(source.blob(layer), { name: layer.digest, layer: true, temporary }));
  return squashTrees(trees, source.name);
}
