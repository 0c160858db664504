import type { LogEntry } from "./log-entry.ts";

/**
 * Puts lines together that the engine has cut. A line longer than the limit goes on as it came: in parts.
 *
 * @param limit bytes of one line; default: 1 MiB
 */
export async function* joinParts(entries: AsyncIterable<LogEntry>, limit: number = 1024 * 1024): AsyncGenerator<LogEntry> {
  const begun = new Map<string, LogEntry[]>();
  for await (const entry of entries) {
    if (entry.part === undefined) {
      yield entry;
      continue;
    }
    const key = `${entry.source} ${entry.part.id}`;
    const parts = [...(begun.get(key) ?? []), entry];
    begun.set(key, parts);
    if (entry.part.last) {
      begun.delete(key);
      yield joined(parts);
    } else if (lengthOf(parts) > limit) {
      begun.set(key, []);
      yield* parts;
    }
  }
  for (const parts of begun.values()) if (parts.length > 0) yield joined(parts);
}

function lengthOf(parts: readonly LogEntry[]): number {
  return parts.reduce((length, { line }) => length + line.length, 0);
}

/** What is left of a line whose beginning has gone on stays a part. */
function joined(parts: readonly LogEntry[]): LogEntry {
  const first = parts[0] as LogEntry;
  const line = Buffer.concat(parts.map((each) => each.line));
  const { part, ...whole } = { ...first, line };
  return part !== undefined && part.ordinal > 1 ? { ...whole, part: { ...part, last: true } } : whole;
}
