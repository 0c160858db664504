import { wordsOf } from "@outrigger/plugin/errors";
import type { CallContext } from "../interfaces/call-context.ts";
import type { LogDriver, LogInfo } from "../interfaces/log-driver.ts";
import { EntryQueue } from "./entry-queue.ts";
import { readFifo } from "./fifo-reader.ts";
import { FrameDecoder } from "./frames.ts";

/** Entries that wait for the driver before the container has to. */
const queueLimit = 1024;

interface LogStream {
  /** Settles when the driver has asked for its first entry, or has failed before. */
  readonly opened: Promise<void>;
  /** Settles when no more entries come and the driver is done. */
  readonly over: Promise<unknown>;
  /** Reads the rest and waits until the driver has kept it. */
  readonly stop: () => Promise<void>;
}

/** The log streams that a driver has open, by their FIFOs. */
export class LogStreams {
  readonly #driver: LogDriver;
  readonly #streams = new Map<string, LogStream>();

  constructor(driver: LogDriver) {
    this.#driver = driver;
  }

  /** An engine that repeats its call finds the stream that it has. */
  async start(file: string, info: LogInfo, context: CallContext): Promise<void> {
    const there = this.#streams.get(file);
    if (there !== undefined) return await there.opened;
    const stream = openStream(this.#driver, file, info, context);
    this.#streams.set(file, stream);
    const forget = (): void => {
      if (this.#streams.get(file) === stream) this.#streams.delete(file);
    };
    stream.over.then(forget, forget);
    await stream.opened;
  }

  async stop(file: string): Promise<void> {
    const stream = this.#streams.get(file);
    this.#streams.delete(file);
    await stream?.stop();
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#streams.keys()].map((file) => this.stop(file)));
  }
}

function openStream(driver: LogDriver, file: string, info: LogInfo, context: CallContext): LogStream {
  const decoder = new FrameDecoder();
  const log = context.log.with({ container: info.containerId });
  const asked = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const over = new AbortController();
  const queue = new EntryQueue(asked.resolve, () => reader.resume());
  const reader = readFifo(file, {
    data: (piece) => {
      try {
        for (const entry of decoder.push(piece)) queue.push(entry);
      } catch (error) {
        // Where the next entry begins can't be known any more. The pipe is read on, so that the container is not held up.
        if (!over.signal.aborted) log.error(wordsOf(error));
        over.abort();
        queue.end();
      }
      if (queue.length > queueLimit) reader.pause();
    },
    end: () => {
      if (!decoder.whole) log.warn("the log ended within an entry");
      queue.end();
      ended.resolve();
    },
    fail: (error) => {
      log.error("reading the log failed", { error: error.message });
      queue.end();
      ended.resolve();
    },
  });
  const own: CallContext = { callId: context.callId, method: context.method, deadline: undefined, signal: over.signal, log };
  const kept = (async () => driver.open(info, queue, own))();
  const opened = Promise.race([asked.promise, kept]);
  const done = kept.then(
    () => queue.return(),
    (error: unknown) => {
      log.error("the driver no longer keeps the log", { error: wordsOf(error) });
      return queue.return();
    },
  );
  opened.catch(() => reader.drain());
  const stop = async (): Promise<void> => {
    reader.drain();
    await done;
    over.abort();
  };
  return { opened, over: Promise.all([ended.promise, done]), stop };
}
