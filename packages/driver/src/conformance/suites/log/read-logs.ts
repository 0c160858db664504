import type { Check } from "../../check.ts";
import type { Probe } from "../../probe.ts";
import { decodeFrames, type LogEntry } from "./log-frames.ts";
import { entriesOf, type LogStream, partialEntries, startedStream, stopped } from "./log-stream.ts";

const never = "0001-01-01T00:00:00Z";
const whole = { Since: never, Until: never, Tail: -1, Follow: false };
const because = "`docker logs` asks a driver that declares ReadLogs (recorded from 20.10).";

export const readLogsChecks: readonly Check[] = [
  {
    id: "log.read",
    level: "MUST",
    title: "ReadLogs gives every entry in its order, with its source, its time and its line, which ends with a newline here; then it ends.",
    because,
    mend: "Answer frames like those of StartLogging's FIFO, but with a newline at the end of each line: the engine adds none, and prints lines glued together (measured on 20.10).",
    needs: "log.start",
    run: async (probe) => {
      const entries = entriesOf(["one", "two", "", "vier ü"]);
      const got = await readBack(probe, entries, whole);
      const shown = (list: readonly LogEntry[]): string =>
        list.map(({ source, timeNano, line }) => `${source} ${timeNano} ${JSON.stringify(line)}`).join("; ");
      const wanted = entries.map((entry) => ({ ...entry, line: `${entry.line}\n` }));
      probe.expect(shown(got) === shown(wanted), shown(wanted), shown(got));
    },
  },
  {
    id: "log.read-partial",
    level: "MUST",
    title: "ReadLogs gives a line of 40,000 bytes whole, in one entry or several, with one newline at its end.",
    because,
    mend: "Join the pieces, or give them as they came, and the newline with the last.",
    needs: "log.read",
    run: async (probe) => {
      const line = "y".repeat(40_000);
      const text = (await readBack(probe, partialEntries(probe, line), whole)).map((entry) => entry.line).join("");
      const found = `${text.length} bytes with ${text.split("\n").length - 1} newlines`;
      probe.expect(text === `${line}\n`, "40001 bytes with one newline, the last of them", found);
    },
  },
  {
    id: "log.read-tail",
    level: "MUST",
    title: "ReadLogs with Tail 2 gives the last two entries.",
    because,
    mend: "A Tail of -1 means all.",
    needs: "log.read",
    run: async (probe) => {
      const got = await readBack(probe, entriesOf(["one", "two", "three"]), { ...whole, Tail: 2 });
      probe.expect(linesOf(got) === "two,three", "two,three", linesOf(got));
    },
  },
  {
    id: "log.read-since",
    level: "MUST",
    title: "ReadLogs with Since gives the entries from then on; with Until those before.",
    because,
    mend: "Both are RFC 3339; the year 1 means no limit.",
    needs: "log.read",
    run: async (probe) => {
      const entries = entriesOf(["one", "two", "three"]);
      const middle = new Date(Number((entries[1]?.timeNano ?? 0n) / 1_000_000n) - 500).toISOString();
      const since = linesOf(await readBack(probe, entries, { ...whole, Since: middle }));
      probe.expect(since === "two,three", "two,three since the second's time", since);
      const until = linesOf(await readBack(probe, entries, { ...whole, Until: middle }));
      probe.expect(until === "one", "one until then", until);
    },
  },
  {
    id: "log.read-follow",
    level: "SHOULD",
    title: "ReadLogs with Follow gives entries that come later.",
    because: "`docker logs -f` shows what the answer holds, and ends with it (all versions).",
    mend: "Write and flush each entry as it comes.",
    needs: "log.read",
    run: async (probe) => {
      const stream = await readable(probe);
      await stream.write(entriesOf(["sooner"]));
      const follow = await followed(probe, stream);
      // With it the driver has begun to read: what is written now comes later.
      const first = await within(5_000, follow.next());
      await stream.write(entriesOf(["later"]));
      const line = first === "sooner" ? await within(5_000, follow.next()) : first;
      probe.expect(line === "later", "the entry within 5 s", String(line));
      await stopped(probe, stream);
    },
  },
  {
    id: "log.read-follow-ends",
    level: "SHOULD",
    title: "An answer with Follow ends after StopLogging.",
    because: "Else `docker logs -f` goes on when the container has ended.",
    mend: "End every follower of a stream that is stopped.",
    needs: "log.read",
    run: async (probe) => {
      const stream = await readable(probe);
      const follow = await followed(probe, stream);
      await stopped(probe, stream);
      const end = await within(5_000, follow.next());
      probe.expect(end === "end", "the end within 5 s", String(end));
    },
  },
];

async function readable(probe: Probe): Promise<LogStream> {
  const { value } = probe.verdict(await probe.ask("LogDriver.Capabilities"));
  if (probe.object(value, "Cap")?.get("ReadLogs") !== true) probe.skip("the driver does not declare ReadLogs");
  return startedStream(probe);
}

/** Writes, stops, and reads as `docker logs` of an ended container does: with a second StartLogging around it. */
async function readBack(probe: Probe, entries: readonly LogEntry[], config: object): Promise<readonly LogEntry[]> {
  const stream = await readable(probe);
  await stream.write(entries);
  await stopped(probe, stream);
  const second = await startedStream(probe, stream.info);
  const { head, body, close } = await probe.wire.stream("LogDriver.ReadLogs", { Info: stream.info, Config: config }, { fresh: true });
  probe.after(async () => close());
  probe.expect(head.status === 200, "status 200", `the status is ${head.status}`);
  const got: LogEntry[] = [];
  for await (const entry of decodeFrames(body)) {
    if (entry === undefined) probe.fail("whole frames", "one can't be read");
    else got.push(entry);
  }
  await stopped(probe, second);
  return got;
}

interface Follower {
  /** The next entry's line, or `end`. */
  readonly next: () => Promise<string>;
}

async function followed(probe: Probe, stream: LogStream): Promise<Follower> {
  const { head, body, close } = await probe.wire.stream(
    "LogDriver.ReadLogs",
    { Info: stream.info, Config: { ...whole, Follow: true } },
    { fresh: true },
  );
  probe.after(async () => close());
  probe.expect(head.status === 200, "status 200", `the status is ${head.status}`);
  const entries = decodeFrames(body);
  return {
    next: async () => {
      const { done, value } = await entries.next();
      return done === true ? "end" : (value?.line.trimEnd() ?? "a frame that can't be read");
    },
  };
}

function within(milliseconds: number, work: Promise<string>): Promise<string> {
  // What comes after the time is nobody's.
  work.catch(() => undefined);
  return Promise.race([
    work,
    new Promise<string>((resolve) => setTimeout(resolve, milliseconds, `nothing came within ${milliseconds / 1000} s`).unref()),
  ]);
}

function linesOf(entries: readonly LogEntry[]): string {
  return entries.map(({ line }) => line.trimEnd()).join();
}
