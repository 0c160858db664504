export * from "./config/plugin-config.ts";
export * from "./config/privileges.ts";
export * from "./config/settable.ts";
export * from "./config/setting-items.ts";
export * from "./errors.ts";
