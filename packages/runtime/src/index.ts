export * from "./docker/docker-runtime.ts";
export * from "./docker/images.ts";
export * from "./errors.ts";
export * from "./runtime.ts";
