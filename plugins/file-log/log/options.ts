import { driverError, type LogInfo } from "@outrigger/sdk/driver";
import { attributesOf } from "./attributes.ts";

/** How one container's log is kept. */
export interface LogOptions {
  /** Bytes. */
  readonly maxSize: number;
  /** Files, the one that is written included. */
  readonly maxFile: number;
  readonly compress: boolean;
  /** `json`: a line is JSON as the driver json-file writes it. `raw`: as the container wrote it. */
  readonly format: "json" | "raw";
  /** Written with every line. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface LogDefaults extends Pick<LogOptions, "maxSize" | "maxFile" | "compress"> {
  /** 0: logs are kept for ever. */
  readonly keepDays: number;
}

const own: readonly string[] = ["max-size", "max-file", "compress", "format", "labels", "labels-regex", "env", "env-regex", "tag"];
/** What the engine itself looks at, and shows to drivers too. */
const engines: readonly string[] = ["mode", "max-buffer-size", "cache-disabled", "cache-max-size", "cache-max-file", "cache-compress"];

/** @throws DriverError: the container is then not started */
export function readLogOptions(info: LogInfo, defaults: LogDefaults): LogOptions {
  const { config } = info;
  const unknown = Object.keys(config).find((key) => !own.includes(key) && !engines.includes(key));
  if (unknown !== undefined) throw driverError(`there is no log-opt ${JSON.stringify(unknown)}; there are ${own.join(", ")}`);
  const { "max-size": maxSize, "max-file": maxFile, compress, format = "json" } = config;
  if (format !== "json" && format !== "raw") throw driverError(`format is ${JSON.stringify(format)}; expected is json or raw`);
  const attributes = attributesOf(info);
  if (format === "raw" && Object.keys(attributes).length > 0) {
    throw driverError("lines of the format raw have no room for labels, env and tag: leave them away, or take the format json");
  }
  return {
    maxSize: maxSize === undefined ? defaults.maxSize : parseBytes("max-size", maxSize),
    maxFile: maxFile === undefined ? defaults.maxFile : parseCount("max-file", maxFile, 1, 1000),
    compress: compress === undefined ? defaults.compress : parseBoolean("compress", compress),
    format,
    attributes,
  };
}

/** The driver's settings. @throws DriverError */
export function readDefaults(env: NodeJS.ProcessEnv): LogDefaults {
  return {
    maxSize: parseBytes("MAX_SIZE", env["MAX_SIZE"] ?? "20m"),
    maxFile: parseCount("MAX_FILE", env["MAX_FILE"] ?? "5", 1, 1000),
    compress: parseBoolean("COMPRESS", env["COMPRESS"] ?? "true"),
    keepDays: parseCount("KEEP_DAYS", env["KEEP_DAYS"] ?? "30", 0, 36_500),
  };
}

/** Powers of 1024, as the driver json-file reads them. */
function parseBytes(what: string, text: string): number {
  const [, digits, unit] = /^([0-9]{1,12})([kmg]?)i?b?$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** " kmg".indexOf(unit?.toLowerCase() || " ");
  if (digits !== undefined && bytes >= 1024) return bytes;
  throw driverError(`${what} is ${JSON.stringify(text)}; expected is a size of at least 1k, e.g. 20m`);
}

function parseCount(what: string, text: string, least: number, most: number): number {
  const count = Number(text);
  if (/^[0-9]{1,6}$/.test(text) && count >= least && count <= most) return count;
  throw driverError(`${what} is ${JSON.stringify(text)}; expected is a number from ${least} to ${most}`);
}

function parseBoolean(what: string, text: string): boolean {
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw driverError(`${what} is ${JSON.stringify(text)}; expected is true or false`);
}
