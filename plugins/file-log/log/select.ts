import type { LogEntry, LogSelection } from "@outrigger/sdk/driver";

/** The entries that `docker logs` asks for. What comes after "caught up" is new: the limit to the last ones does not count it. */
export async function* selectNew(
  entries: AsyncIterable<LogEntry | "caught up">,
  { since, until, tail }: LogSelection,
): AsyncGenerator<LogEntry> {
  const [from, to] = [since, until].map((time) => (time === undefined ? undefined : BigInt(time.getTime()) * 1_000_000n));
  let last: LogEntry[] | undefined = tail === undefined ? undefined : [];
  for await (const entry of entries) {
    if (entry === "caught up") {
      yield* last ?? [];
      last = undefined;
    } else if (from !== undefined && entry.timeNano < from) {
    } else if (to !== undefined && entry.timeNano > to) {
      break;
    } else if (last === undefined) yield entry;
    else {
      last.push(entry);
      if (last.length > (tail ?? 0)) last.shift();
    }
  }
  yield* last ?? [];
}
