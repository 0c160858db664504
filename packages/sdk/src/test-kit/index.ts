export * from "./recordings.ts";
export * from "./test-plugin.ts";
