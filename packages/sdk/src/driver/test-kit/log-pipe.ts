import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { encodeFrame } from "../log/frames.ts";
import type { LogEntry } from "../log/log-entry.ts";
import type { CallAnswer, WireLogInfo } from "./driver-kit.ts";

/** The engine's end of a container's log. */
export interface LogPipe {
  readonly write: (...entries: readonly LogEntry[]) => Promise<void>;
  /** Bytes as they are, for what an engine would not write. */
  readonly writeBytes: (bytes: Buffer) => Promise<void>;
  /** StopLogging, and then its end of the FIFO is closed, in the engine's order. */
  readonly stop: () => Promise<CallAnswer>;
}

type Call = (method: string, args?: unknown) => Promise<CallAnswer>;

export async function openLogPipe(call: Call, info: WireLogInfo): Promise<LogPipe> {
  const folder = await mkdtemp(join(tmpdir(), "driver-kit-"));
  const file = join(folder, "fifo");
  await promisify(execFile)("mkfifo", [file]);
  // Read and write, as the engine has it: so the FIFO has no end while the engine holds it.
  const pipe = await open(file, constants.O_RDWR | constants.O_NONBLOCK);
  const close = async (): Promise<void> => {
    await pipe.close();
    await rm(folder, { recursive: true, force: true });
  };
  const started = await call("LogDriver.StartLogging", { File: file, Info: info });
  if (started.error !== undefined) {
    await close();
    throw new TypeError(started.error);
  }
  const writeBytes = async (bytes: Buffer): Promise<void> => {
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(await writeSome(pipe, rest));
  };
  return {
    writeBytes,
    write: (...entries) => writeBytes(Buffer.concat(entries.map(encodeFrame))),
    async stop() {
      const answer = await call("LogDriver.StopLogging", { File: file });
      await close();
      return answer;
    },
  };
}

/** A full FIFO makes the engine wait. */
async function writeSome(pipe: Awaited<ReturnType<typeof open>>, bytes: Buffer): Promise<number> {
  for (;;) {
    try {
      return (await pipe.write(bytes)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, 5);
      await promise;
    }
  }
}
