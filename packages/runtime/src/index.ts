export * from "./docker/docker-runtime.ts";
export { createDockerClient, type DockerClient } from "./docker/engine/client.ts";
export { parseImageName } from "./docker/images/image-name.ts";
export * from "./docker/images/images.ts";
export { primaryAddress } from "./docker/pod/facts.ts";
export * from "./errors.ts";
export * from "./kubernetes/render.ts";
export * from "./runtime.ts";
