import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { driverError, joinParts, type LogDriver, type LogEntry, type Logger, type LogInfo, writeDurably } from "@outrigger/sdk/driver";
import { LogFiles } from "./files.ts";
import { decodeLine, encodeLine } from "./lines.ts";
import { OpenWriters } from "./open-writers.ts";
import { type LogDefaults, readLogOptions } from "./options.ts";
import { readLines } from "./reader.ts";
import { selectNew } from "./select.ts";
import { LogWriter } from "./writer.ts";

export interface FileLogOptions extends LogDefaults {
  /** Has a folder for each container, by its id. */
  readonly root: string;
  readonly logger: Logger;
}

const [hour, day] = [3_600_000, 86_400_000];

export async function fileLog({ root, logger, ...defaults }: FileLogOptions): Promise<LogDriver> {
  const writers = new OpenWriters();
  const clean = async (): Promise<void> => {
    if (defaults.keepDays > 0) await removeOld(root, Date.now() - defaults.keepDays * day, writers);
  };
  await clean();
  const cleaning = setInterval(
    () => void clean().catch((error: unknown) => logger.error("removing old logs failed", { error: String(error) })),
    hour,
  );
  cleaning.unref();

  const filesOf = ({ containerId }: LogInfo): LogFiles => {
    if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(containerId)) return new LogFiles(join(root, containerId));
    throw driverError(`${JSON.stringify(containerId)} is no container's id`);
  };

  return {
    async open(info, entries, { log }) {
      const options = readLogOptions(info, defaults);
      const files = filesOf(info);
      const notice = (text: string): Buffer =>
        encodeLine({ source: "stderr", timeNano: BigInt(Date.now()) * 1_000_000n, line: Buffer.from(text) }, options);
      // An engine opens the log of a container that has ended, too, to read it.
      const writer = await writers.take(info.containerId, () => LogWriter.open(files, options, log, notice));
      try {
        await writeDurably(join(files.folder, "container.json"), describe(info));
        for await (const entry of joinParts(entries)) await writer.add(encodeLine(entry, options));
      } finally {
        await writers.leave(info.containerId);
      }
    },
    async *read(info, selection, { signal }) {
      const { format } = readLogOptions(info, defaults);
      if (format === "raw" && (selection.since !== undefined || selection.until !== undefined)) {
        throw driverError("lines of the format raw have no times: leave --since and --until away");
      }
      const { until } = selection;
      // Also where nothing comes any more.
      const late = until !== undefined && selection.follow ? [AbortSignal.timeout(Math.max(0, until.getTime() - Date.now()))] : [];
      const asked = { files: filesOf(info), writer: writers.get(info.containerId), signal: AbortSignal.any([signal, ...late]) };
      const whole = selection.until === undefined ? { tail: selection.tail } : {};
      const lines = readLines({ ...asked, ...whole, follow: selection.follow });
      yield* selectNew(entriesOf(lines, format), selection);
    },
    close: () => clearInterval(cleaning),
  };
}

async function* entriesOf(lines: ReturnType<typeof readLines>, format: "json" | "raw"): AsyncGenerator<LogEntry | "caught up"> {
  for await (const read of lines) {
    const entry = read === "caught up" ? read : decodeLine(read.line, format, read.modified);
    if (entry !== undefined) yield entry;
  }
}

/** So that people find a container's folder; never its variables. */
function describe({ containerId, containerName, containerImageName, containerCreated }: LogInfo): string {
  const known = { id: containerId, name: containerName, image: containerImageName, created: containerCreated?.toISOString() };
  return `${JSON.stringify(known, null, 2)}\n`;
}

async function removeOld(root: string, before: number, writers: OpenWriters): Promise<void> {
  const folders = await readdir(root).catch((): string[] => []);
  for (const id of folders) {
    const written = await stat(join(root, id, "container.log")).catch(() => undefined);
    if (written !== undefined && written.mtimeMs < before && !writers.has(id)) await rm(join(root, id), { recursive: true, force: true });
  }
}
