export * from "./compose.ts";
export * from "./diff.ts";
export * from "./pod.ts";
