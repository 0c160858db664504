import type { Check } from "../../check.ts";
import { entriesOf, logInfo, partialEntries, startedStream, stopped } from "./log-stream.ts";

const together = 8;
const pipe = 64 * 1024;
const longLines = 8;

export const logChecks: readonly Check[] = [
  {
    id: "log.capabilities",
    level: "SHOULD",
    title: "Capabilities answers Cap with the boolean ReadLogs.",
    because: "Docker's documentation leaves Cap out; any failure counts as a driver that can't be read (all versions).",
    mend: 'Answer {"Cap":{"ReadLogs":false}}.',
    run: async (probe) => {
      const cap = probe.object(await probe.succeed("LogDriver.Capabilities"), "Cap");
      probe.expect(
        typeof cap?.get("ReadLogs") === "boolean",
        "Cap.ReadLogs to be a boolean",
        `it is ${JSON.stringify(cap?.get("ReadLogs"))}`,
      );
    },
  },
  {
    id: "log.start",
    level: "MUST",
    title: "StartLogging succeeds with ContainerEnv null, and StopLogging ends it.",
    because: "Sent at each start of a container; null stands where a list is empty (recorded from 20.10).",
    mend: "Open the FIFO named File and read it in the background; read null as empty.",
    run: async (probe) => {
      await stopped(probe, await startedStream(probe));
    },
  },
  {
    id: "log.drains",
    level: "MUST",
    title: `Output of ${(4 * pipe) / 1024} KiB is taken, four times what the pipe holds.`,
    because: "A pipe that is full stops the container in its write (all versions).",
    mend: "Read the FIFO whether the entries can be passed on or not.",
    needs: "log.start",
    run: async (probe) => {
      const stream = await startedStream(probe);
      const lines = Array.from({ length: 256 }, (_, index) => `${index} ${"x".repeat(1000)}`);
      probe.expect((await stream.write(entriesOf(lines))) === "written", "the pipe to be read", "it stays full for 10 s");
      await stopped(probe, stream);
    },
  },
  {
    id: "log.partial",
    level: "MUST",
    title: `${longLines} lines of 40,000 bytes, in three frames each, are taken; the last frame of a line has partial and last.`,
    because: "The engine cuts lines at 16 KiB; each piece is a frame of some 16,480 bytes (measured on 20.10).",
    mend: "Read whole frames by their length; the length is big endian.",
    needs: "log.start",
    run: async (probe) => {
      const stream = await startedStream(probe);
      const written = await stream.write([
        ...Array.from({ length: longLines }, () => partialEntries(probe, "y".repeat(40_000))).flat(),
        ...entriesOf(["after"]),
      ]);
      probe.expect(written === "written", "the pipe to be read", "it stays full for 10 s");
      await stopped(probe, stream);
      const left = await stream.left();
      probe.expect(left === 0, "an empty pipe", `${left} bytes lie in it unread`);
    },
  },
  {
    id: "log.stop-drains",
    level: "MUST",
    title: "StopLogging is answered when the pipe is empty, while the engine still holds it open.",
    because:
      "The engine removes the FIFO after the answer, and closes it only then: what is not read is lost, and who waits for its end waits for ever (all versions).",
    mend: "In StopLogging read what is there without waiting, then close and answer.",
    needs: "log.start",
    run: async (probe) => {
      const stream = await startedStream(probe);
      await stream.write(entriesOf(Array.from({ length: 50 }, (_, index) => `${index} ${"z".repeat(1000)}`)));
      await stopped(probe, stream);
      const left = await stream.left();
      probe.expect(left === 0, "an empty pipe", `${left} bytes lie in it unread`);
    },
  },
  {
    id: "log.start-missing-file",
    level: "MUST",
    title: "StartLogging with a File that does not exist is answered.",
    because: "A driver that waits for the file holds the start of the container (all versions).",
    mend: 'Answer {"Err":"no such file"}; don\'t open the FIFO in the answer\'s way if that can block.',
    run: async (probe) => {
      const File = `/run/docker/logging/${probe.id()}`;
      probe.tidy("LogDriver.StopLogging", { File });
      await probe.ask(
        "LogDriver.StartLogging",
        { File, Info: logInfo(probe) },
        { timeout: Math.min(10_000, probe.session.timeout ?? 10_000) },
      );
    },
  },
  {
    id: "log.stop-unknown",
    level: "MUST",
    title: "StopLogging for a File that was never started, or is stopped, is answered.",
    because: "After a restart of either side the engine stops what stands in its own records (all versions).",
    mend: "Answer {} or Err.",
    needs: "log.start",
    run: async (probe) => {
      await probe.ask("LogDriver.StopLogging", { File: `/run/docker/logging/${probe.id()}` });
      const stream = await startedStream(probe);
      await stopped(probe, stream);
      await probe.ask("LogDriver.StopLogging", { File: stream.file });
    },
  },
  {
    id: "log.same-time",
    level: "MUST",
    title: `${together} streams at the same time are all taken.`,
    because: "Every container has a stream of its own for as long as it runs (all versions).",
    mend: "Read each FIFO by itself; reading one must not hold another, and 4 threads for files are not 8.",
    needs: "log.start",
    run: async (probe) => {
      const streams = await Promise.all(Array.from({ length: together }, () => startedStream(probe)));
      const lines = Array.from({ length: 128 }, (_, index) => `${index} ${"x".repeat(1000)}`);
      const results = await Promise.all(streams.map((stream) => stream.write(entriesOf(lines))));
      const stuck = results.filter((result) => result !== "written").length;
      probe.expect(stuck === 0, "every pipe to be read", `${stuck} stay full for 10 s`);
      await Promise.all(streams.map((stream) => stopped(probe, stream)));
    },
  },
  {
    id: "log.retry-empty-body",
    level: "MUST",
    title: "StartLogging without a body is an error.",
    because:
      "When a kept connection breaks, the engine sends the request again with Content-Length: 0 (20.10 to 29): the container would run without its log.",
    mend: "Refuse a call that lacks its arguments.",
    run: async (probe) => {
      await probe.refuse("LogDriver.StartLogging", undefined, "it names no file");
    },
  },
];
