export { openApiDocument } from "./api/openapi.ts";
export type * from "./api/resources.ts";
export type * from "./api/traffic-resources.ts";
export { serverErrors } from "./errors.ts";
export type { LogLevel } from "./logger.ts";
export { type RunningServer, type ServerOptions, startServer } from "./server.ts";
export type { Limits } from "./services.ts";
