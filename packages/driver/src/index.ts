export * from "./config/of-manifest.ts";
export * from "./config/plugin-config.ts";
export * from "./config/privileges.ts";
export * from "./config/read.ts";
export * from "./config/settable.ts";
export * from "./config/setting-items.ts";
export * from "./config/write.ts";
export * from "./errors.ts";
