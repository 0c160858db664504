export * from "./content.ts";
export * from "./errors.ts";
export { type TreeOfDirectoryOptions, treeOfDirectory } from "./layers/directory-tree.ts";
export * from "./layers/file-tree.ts";
export { type TreeOfTarOptions, treeOfTar } from "./layers/tar-tree.ts";
export type { TarLimits } from "./tar/limits.ts";
export { type ReadTarOptions, readTar, readTarFile } from "./tar/read-tar.ts";
export type { TarEntry, TarHandlers } from "./tar/tar-parser.ts";
