export * from "./config/plugin-config.ts";
export * from "./errors.ts";
