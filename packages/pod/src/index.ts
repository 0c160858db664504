export * from "./compose.ts";
export * from "./compose-input.ts";
export * from "./diff.ts";
export { usualDiscoveryPorts } from "./discovery-variables.ts";
export * from "./fill-document.ts";
export * from "./pod.ts";
export * from "./render-file.ts";
