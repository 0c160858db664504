export * from "./config/plugin-config.ts";
export * from "./conformance/index.ts";
export * from "./errors.ts";
