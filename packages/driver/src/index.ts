export * from "./config/of-manifest.ts";
export * from "./config/plugin-config.ts";
export * from "./config/read.ts";
export * from "./config/write.ts";
export * from "./errors.ts";
