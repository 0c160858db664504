import { execFile } from "node:child_process";
import { close as closeFile, constants, open as openFile, read as readFile, write as writeFile } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { promisify } from "node:util";
import type { Probe } from "../../probe.ts";
import { encodeFrame, type LogEntry } from "./log-frames.ts";

/** A container's output on its way to the driver: a FIFO made, opened and written as dockerd does. */
export interface LogStream {
  /** The FIFO as the driver knows it. */
  readonly file: string;
  readonly info: Readonly<Record<string, unknown>>;
  /** Writes entries; undefined when the driver leaves the pipe full for 10 s. */
  readonly write: (entries: readonly LogEntry[]) => Promise<"written" | undefined>;
  /** How many bytes lie in the pipe unread; reading takes them away. */
  readonly left: () => Promise<number>;
}

const [open, write, read, close] = [promisify(openFile), promisify(writeFile), promisify(readFile), promisify(closeFile)];

/** What the engine tells of the container (recorded from 20.10). */
export function logInfo(probe: Probe, change: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    Config: {},
    ContainerID: probe.id(),
    ContainerName: `/${probe.name("c")}`,
    ContainerEntrypoint: "sh",
    ContainerArgs: ["-c", "echo hi >&2"],
    ContainerImageID: `sha256:${probe.id()}`,
    ContainerImageName: "debian:bookworm-slim",
    ContainerCreated: "2026-01-02T03:04:05.123456789Z",
    ContainerEnv: null,
    ContainerLabels: {},
    LogPath: "",
    DaemonName: "docker",
    ...change,
  };
}

/** Makes a FIFO and starts logging; stopped and removed when the check is over. */
export async function startedStream(probe: Probe, info: Readonly<Record<string, unknown>> = logInfo(probe)): Promise<LogStream> {
  if (probe.session.root === "-") probe.skip("the driver's paths are not to be reached from here (--root -)");
  const file = `/run/docker/logging/${probe.id()}`;
  const here = probe.session.outside(file);
  await mkdir(probe.session.outside("/run/docker/logging"), { recursive: true, mode: 0o700 });
  await promisify(execFile)("mkfifo", ["-m", "0700", here]);
  probe.after(() => rm(here, { force: true }));
  // Read and write, so that it never blocks: the engine holds it open until StopLogging is answered.
  const handle = await open(here, constants.O_RDWR | constants.O_NONBLOCK);
  probe.after(() => close(handle));
  probe.tidy("LogDriver.StopLogging", { File: file });
  await probe.succeed("LogDriver.StartLogging", { File: file, Info: info });
  return {
    file,
    info,
    write: async (entries) => {
      const bytes = Buffer.concat(entries.map(encodeFrame));
      const limit = performance.now() + 10_000;
      for (let at = 0; at < bytes.length && performance.now() < limit; ) {
        at += await write(handle, bytes, at, Math.min(16_000, bytes.length - at)).then(
          ({ bytesWritten }) => bytesWritten,
          (error: NodeJS.ErrnoException) => (error.code === "EAGAIN" ? 0 : Promise.reject(error)),
        );
        if (at === bytes.length) return "written";
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return undefined;
    },
    left: async () => {
      const room = Buffer.alloc(1024 * 1024);
      const { bytesRead } = await read(handle, room, 0, room.length, null).catch((error: NodeJS.ErrnoException) =>
        error.code === "EAGAIN" ? { bytesRead: 0 } : Promise.reject(error),
      );
      return bytesRead;
    },
  };
}

export async function stopped(probe: Probe, stream: LogStream): Promise<void> {
  await probe.succeed("LogDriver.StopLogging", { File: stream.file });
}

/** Lines of stdout with times one second apart, the last of them now. */
export function entriesOf(lines: readonly string[]): readonly LogEntry[] {
  const now = BigInt(Date.now()) * 1_000_000n;
  return lines.map((line, index) => ({ source: "stdout", timeNano: now - BigInt(lines.length - 1 - index) * 1_000_000_000n, line }));
}

/** A long line as the engine cuts it: pieces of 16 KiB with one id; the last one counts as partial, too. */
export function partialEntries(probe: Probe, line: string): readonly LogEntry[] {
  const id = probe.id();
  const pieces = line.match(/[\s\S]{1,16384}/g) ?? [];
  const timeNano = BigInt(Date.now()) * 1_000_000n;
  return pieces.map((piece, index) => ({
    source: "stdout",
    timeNano,
    line: piece,
    partial: { last: index === pieces.length - 1, id, ordinal: index + 1 },
  }));
}
