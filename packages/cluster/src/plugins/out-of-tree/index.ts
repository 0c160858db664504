export * from "./discover-types.ts";
export * from "./plugin-code.ts";
export * from "./plugin-programs.ts";
export * from "./plugin-types.ts";
