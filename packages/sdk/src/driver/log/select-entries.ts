import type { LogSelection } from "../interfaces/log-driver.ts";
import type { LogEntry } from "./log-entry.ts";

/** The entries of a finished log that `docker logs` asks for; they have to come in the order of their times. */
export async function* selectEntries(
  entries: AsyncIterable<LogEntry>,
  { since, until, tail }: Omit<LogSelection, "follow">,
): AsyncGenerator<LogEntry> {
  const last: LogEntry[] = [];
  const [from, to] = [nanoOf(since), nanoOf(until)];
  for await (const entry of entries) {
    if (from !== undefined && entry.timeNano < from) continue;
    if (to !== undefined && entry.timeNano > to) break;
    if (tail === undefined) yield entry;
    else if (tail > 0) last.push(entry);
    if (tail !== undefined && last.length > tail) last.shift();
  }
  yield* last;
}

function nanoOf(time: Date | undefined): bigint | undefined {
  return time === undefined ? undefined : BigInt(time.getTime()) * 1_000_000n;
}
