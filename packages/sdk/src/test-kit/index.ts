export * from "./errors.ts";
export * from "./recordings.ts";
export * from "./test-plugin.ts";
