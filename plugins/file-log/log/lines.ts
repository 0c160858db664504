import type { LogEntry } from "@outrigger/sdk/driver";
import type { LogOptions } from "./options.ts";

/** The bytes of an entry in its file. */
export function encodeLine(entry: LogEntry, { format, attributes }: Pick<LogOptions, "format" | "attributes">): Buffer {
  // A part of a line that is too long to be put together ends without its newline.
  const ending = entry.part === undefined || entry.part.last ? "\n" : "";
  if (format === "raw") return Buffer.concat([entry.line, Buffer.from(ending)]);
  const attrs = { ...attributes, ...entry.attributes };
  const line = {
    log: `${entry.line.toString("utf8")}${ending}`,
    stream: entry.source,
    ...(Object.keys(attrs).length === 0 ? {} : { attrs }),
    time: formatTime(entry.timeNano),
  };
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

/**
 * An entry out of a file's line, or undefined where the line is none: it was cut by a crash.
 *
 * @param modified when a raw file was last written, which is all that is known of its lines' times
 */
export function decodeLine(line: Buffer, format: LogOptions["format"], modified: bigint): LogEntry | undefined {
  if (format === "raw") return { source: "stdout", timeNano: modified, line };
  try {
    const { log, stream, attrs, time } = JSON.parse(line.toString("utf8")) as Readonly<Record<string, unknown>>;
    if (typeof log !== "string" || typeof stream !== "string" || typeof time !== "string") return undefined;
    const attributes = attrs === undefined ? {} : { attributes: attrs as Readonly<Record<string, string>> };
    const entry = { source: stream, timeNano: parseTime(time), ...attributes };
    if (log.endsWith("\n")) return { ...entry, line: Buffer.from(log.slice(0, -1)) };
    return { ...entry, line: Buffer.from(log), part: { id: "", ordinal: 1, last: false } };
  } catch {
    return undefined;
  }
}

const nano = 1_000_000_000n;

/** RFC 3339 with nanoseconds, as Go writes it. */
export function formatTime(time: bigint): string {
  const rest = ((time % nano) + nano) % nano;
  const seconds = new Date(Number((time - rest) / nano) * 1000).toISOString().slice(0, 19);
  const fraction = String(rest).padStart(9, "0").replace(/0+$/, "");
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`;
}

function parseTime(text: string): bigint {
  const [, seconds, fraction = ""] = /^(.{19})(?:\.([0-9]{1,9}))?Z$/.exec(text) ?? [];
  return BigInt(Date.parse(`${seconds}Z`) / 1000) * nano + BigInt(fraction.padEnd(9, "0"));
}
