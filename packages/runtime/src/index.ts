export { createDockerClient, type DockerClient } from "./docker/client/client.ts";
export * from "./docker/docker-runtime.ts";
export { parseImageName } from "./docker/images/image-name.ts";
export * from "./docker/images/images.ts";
export { primaryAddress } from "./docker/pod/facts.ts";
export * from "./errors.ts";
export * from "./kubernetes/render.ts";
export * from "./runtime.ts";
