import { setTimeout as sleep } from "node:timers/promises";
import { wordsOf } from "@outrigger/plugin/errors";
import type { CallContext } from "../interfaces/call-context.ts";
import type { LogDriver, LogInfo, LogSelection } from "../interfaces/log-driver.ts";
import { encodeFrame } from "../log/frames.ts";
import type { LogEntry } from "../log/log-entry.ts";
import { LogStreams } from "../log/log-streams.ts";
import type { Fields } from "./fields.ts";
import { errAnswer, present, type ServedInterface } from "./served-interface.ts";

/** Milliseconds in which a refusal to read is told as one; later it cuts the stream. */
const refusalTime = 100;

export function serveLog(driver: LogDriver): ServedInterface {
  const streams = new LogStreams(driver);
  const { read } = driver;
  return {
    name: "LogDriver",
    refuse: errAnswer,
    close: async () => {
      await streams.close();
      await driver.close?.();
    },
    methods: {
      StartLogging: {
        withFields: async (fields, context) => {
          await streams.start(fields.text("File"), infoOf(fields.inner("Info")), context);
          return { Err: "" };
        },
      },
      StopLogging: {
        withFields: async (fields) => {
          await streams.stop(fields.text("File"));
          return { Err: "" };
        },
      },
      Capabilities: { plain: () => ({ Cap: { ReadLogs: read !== undefined }, Err: "" }) },
      ...(read === undefined
        ? {}
        : {
            ReadLogs: {
              endless: true,
              withFields: (fields, context) =>
                readable(read.call(driver, infoOf(fields.inner("Info")), selectionOf(fields.inner("Config")), context), context),
            },
          }),
    },
  };
}

/** The frames of a log, once its first entry is there or it is clear that reading it is not refused. */
async function readable(entries: AsyncIterable<LogEntry>, { signal }: CallContext): Promise<AsyncIterable<Uint8Array>> {
  const iterator = entries[Symbol.asyncIterator]();
  const first = iterator.next();
  await Promise.race([first, sleep(refusalTime, undefined, { signal }).catch((error: unknown) => wordsOf(error))]);
  return framesOf(first, iterator, signal);
}

async function* framesOf(
  first: Promise<IteratorResult<LogEntry>>,
  iterator: AsyncIterator<LogEntry>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = await first; next.done !== true; next = await iterator.next()) {
      if (signal.aborted) return;
      yield encodeFrame(asRead(next.value));
    }
  } finally {
    await iterator.return?.();
  }
}

/** Engines write lines to a driver without their newline, and show those that they read as they are. */
function asRead(entry: LogEntry): LogEntry {
  return entry.part?.last === false ? entry : { ...entry, line: Buffer.concat([entry.line, newline]) };
}

const newline: Buffer = Buffer.from("\n");

function infoOf(fields: Fields): LogInfo {
  return {
    config: fields.texts("Config"),
    containerId: fields.text("ContainerID"),
    containerName: (fields.optionalText("ContainerName") ?? "").replace(/^\//, ""),
    containerEntrypoint: fields.optionalText("ContainerEntrypoint") ?? "",
    containerArgs: fields.textList("ContainerArgs"),
    containerImageId: fields.optionalText("ContainerImageID") ?? "",
    containerImageName: fields.optionalText("ContainerImageName") ?? "",
    ...(present({ containerCreated: fields.time("ContainerCreated") }) as Pick<LogInfo, "containerCreated">),
    containerEnv: fields.textList("ContainerEnv"),
    containerLabels: fields.texts("ContainerLabels"),
    daemonName: fields.optionalText("DaemonName") ?? "",
  };
}

/** Engines ask for all entries by a tail of -1; 0 is none. */
function selectionOf(fields: Fields): LogSelection {
  const tail = fields.number("Tail");
  return {
    ...(present({ since: fields.time("Since"), until: fields.time("Until") }) as Pick<LogSelection, "since" | "until">),
    ...(tail < 0 ? {} : { tail }),
    follow: fields.flag("Follow"),
  };
}
