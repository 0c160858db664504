export { createDockerClient, type DockerClient } from "./docker/client.ts";
export * from "./docker/docker-runtime.ts";
export { primaryAddress } from "./docker/facts.ts";
export { parseImageName } from "./docker/image-name.ts";
export * from "./docker/images.ts";
export * from "./errors.ts";
export * from "./kubernetes/render.ts";
export * from "./runtime.ts";
