export * from "./errors.ts";
export * from "./gateway/exchange.ts";
export * from "./hooks/dispatcher.ts";
export * from "./oci/hook-record.ts";
