export * from "./content.ts";
export * from "./errors.ts";
export * from "./layers/file-tree.ts";
