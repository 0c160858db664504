export * from "./driver-kit.ts";
export * from "./engine-call.ts";
export type { LogPipe } from "./log-pipe.ts";
export * from "./test-driver.ts";
