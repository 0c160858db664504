export type LogLevel = "debug" | "info" | "warn" | "error";

export type LogFields = Readonly<Record<string, unknown>>;

/** One JSON line for each call: `{"time", "level", "message", ...fields}`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines have these fields too. */
  with(fields: LogFields): Logger;
}

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * Debug and info go to the standard output, warn and error to the error stream: engines keep the one at their level info,
 * the other at error.
 *
 * @param least levels below it are left away
 */
export function createLogger(least: LogLevel, write: (level: LogLevel, line: string) => void = writeLine, fields: LogFields = {}): Logger {
  const at = (level: LogLevel): Logger["info"] => {
    if (order.indexOf(level) < order.indexOf(least)) return () => undefined;
    return (message, more) => write(level, lineOf({ time: new Date().toISOString(), level, message, ...fields, ...more }));
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => createLogger(least, write, { ...fields, ...more }),
  };
}

function writeLine(level: LogLevel, line: string): void {
  (level === "debug" || level === "info" ? process.stdout : process.stderr).write(line);
}

function lineOf(entry: LogFields): string {
  return `${JSON.stringify(entry, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))}\n`;
}

/** The level that the variable LOG_LEVEL names; `info` when it names none. */
export function logLevel(name: string | undefined = process.env["LOG_LEVEL"]): LogLevel {
  return order.find((level) => level === name?.toLowerCase()) ?? "info";
}
