export * from "./content.ts";
export * from "./digest.ts";
export * from "./errors.ts";
export * from "./layers/file-tree.ts";
export * from "./manifests.ts";
export * from "./media-types.ts";
