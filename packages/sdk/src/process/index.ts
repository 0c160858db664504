export * from "./closed-folder.ts";
export * from "./memory-watch.ts";
export * from "./node-runner.ts";
export * from "./plugin-user.ts";
export * from "./process-command.ts";
