import type { LogLine } from "../../runtime.ts";
import type { DockerClient } from "../client/client.ts";
import { unlessMissing } from "../client/refusal.ts";
import { frames, lines } from "../client/streams.ts";

export interface ReadOptions {
  readonly follow: boolean;
  readonly tail?: number;
  /** Only lines after this time. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/** One container's lines in their order; ends when the container does. */
export async function* containerLines(
  client: DockerClient,
  container: { readonly replica: number; readonly id: string; readonly name: string },
  { follow, tail, after, signal }: ReadOptions,
): AsyncGenerator<LogLine> {
  const query = {
    stdout: true,
    stderr: true,
    timestamps: true,
    follow,
    tail: tail ?? "all",
    since: after === undefined ? undefined : unixTime(after),
  };
  const answer = await unlessMissing(
    client.stream("GET", `/containers/${container.id}/logs`, { query, ...(signal === undefined ? {} : { signal }) }),
  );
  if (answer === undefined) return;
  for await (const { stream, text } of lines(frames(answer))) {
    const space = text.indexOf(" ");
    const time = text.slice(0, space);
    // `since` includes its own moment.
    if (after !== undefined && compareTimes(time, after) <= 0) continue;
    yield { replica: container.replica, container: container.name, stream, time, text: text.slice(space + 1) };
  }
}

/** Several containers' lines in the order of their times; only as far as they are written now. */
export async function* mergedLines(sources: readonly AsyncIterator<LogLine>[]): AsyncGenerator<LogLine> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, head: await source.next() })));
  for (;;) {
    const open = heads.filter(({ head }) => head.done !== true);
    if (open.length === 0) return;
    const first = open.reduce((least, each) => (compareTimes(each.head.value.time, least.head.value.time) < 0 ? each : least));
    yield first.head.value;
    first.head = await first.source.next();
  }
}

/** Compares RFC 3339 times in UTC of any number of fractional digits. */
export function compareTimes(a: string, b: string): number {
  const [left, right] = [sortable(a), sortable(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortable(time: string): string {
  const [seconds = "", fraction = ""] = time.replace(/Z$/, "").split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}

/** Seconds since the epoch with nanoseconds, as the engine wants them. */
function unixTime(time: string): string {
  const nanoseconds = (/\.(\d+)/.exec(time)?.[1] ?? "").padEnd(9, "0");
  return `${Math.floor(Date.parse(time) / 1000)}.${nanoseconds}`;
}
