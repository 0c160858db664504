import type { FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@outrigger/sdk/driver";
import type { LogFiles } from "./files.ts";
import type { LogOptions } from "./options.ts";

/** Bytes that wait to be written before the container has to wait, too. */
const waitingLimit = 1024 * 1024;
/** Milliseconds that a container waits for a disk that does not answer. */
const patience = 5_000;

interface Waiting {
  readonly lines: readonly Buffer[];
  readonly bytes: number;
}

/** Writes one container's files. What can't be written is dropped and counted, and the log says so once it can be written again. */
export class LogWriter {
  readonly #files: LogFiles;
  readonly #options: LogOptions;
  readonly #log: Logger;
  /** Makes the line that says how many are missing. */
  readonly #notice: (text: string) => Buffer;
  #file: FileHandle;
  #size: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #pumping: Promise<void> | undefined;
  #compressing: Promise<void> = Promise.resolve();
  #turn: Promise<unknown> = Promise.resolve();
  #change: PromiseWithResolvers<void> = Promise.withResolvers();
  #dropped = 0;
  #stuck = false;
  #generation = 0;
  #ended = false;

  private constructor(
    files: LogFiles,
    options: LogOptions,
    log: Logger,
    notice: (text: string) => Buffer,
    opened: { file: FileHandle; size: number },
  ) {
    this.#files = files;
    this.#options = options;
    this.#log = log;
    this.#notice = notice;
    this.#file = opened.file;
    this.#size = opened.size;
  }

  static async open(files: LogFiles, options: LogOptions, log: Logger, notice: (text: string) => Buffer): Promise<LogWriter> {
    await files.prepare(options.maxFile);
    return new LogWriter(files, options, log, notice, await files.append());
  }

  /** How many files have been ended. */
  get generation(): number {
    return this.#generation;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Settles when lines have been written, a file has been ended, or the log. */
  get changed(): Promise<void> {
    return this.#change.promise;
  }

  /** Resolves when there is room for more. */
  async add(line: Buffer): Promise<void> {
    if (this.#waitingBytes > waitingLimit && !this.#stuck) await Promise.race([this.#pumping, sleep(patience, undefined, { ref: false })]);
    if (this.#waitingBytes > waitingLimit) {
      if (!this.#stuck) this.#log.error("the disk does not answer: lines are dropped");
      this.#stuck = true;
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#pumping ??= this.#pump();
  }

  /** Everything added so far is then in the files, or dropped. */
  async flush(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#compressing;
    await this.#file.close();
    this.#ended = true;
    this.#tell();
  }

  /** Does work while no file gets another name. */
  exclusive<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #pump(): Promise<void> {
    // What else comes in this moment is written together.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const { lines, bytes } = this.#take();
      try {
        if (lines.length === 0) await this.#rotate();
        else await this.#write(lines, bytes);
      } catch (error) {
        this.#drop(error);
      }
      this.#tell();
    }
    this.#pumping = undefined;
  }

  /** The lines that fit into the file, at least one into an empty one. */
  #take(): Waiting {
    const lines: Buffer[] = [];
    let bytes = 0;
    for (const line of this.#waiting) {
      const after = this.#size + bytes + line.length;
      if (after > this.#options.maxSize && this.#size + bytes > 0) break;
      lines.push(line);
      bytes += line.length;
    }
    return { lines, bytes };
  }

  async #write(lines: readonly Buffer[], bytes: number): Promise<void> {
    if (this.#dropped > 0) {
      const notice = this.#notice(`file-log: ${this.#dropped} lines could not be written and are missing here`);
      await this.#append(notice);
      this.#log.warn("lines could not be written", { dropped: this.#dropped });
      this.#dropped = 0;
    }
    await this.#append(Buffer.concat(lines, bytes));
    this.#stuck = false;
    this.#done(lines.length, bytes);
  }

  async #append(bytes: Buffer): Promise<void> {
    try {
      await this.#file.appendFile(bytes);
      this.#size += bytes.length;
    } catch (error) {
      // A full disk takes a part: no half line stays.
      await this.#file.truncate(this.#size).catch(() => undefined);
      throw error;
    }
  }

  #done(lines: number, bytes: number): void {
    this.#waiting = this.#waiting.slice(lines);
    this.#waitingBytes -= bytes;
  }

  #drop(error: unknown): void {
    if (this.#dropped === 0) this.#log.error("writing a log failed: lines are dropped", { error: String(error) });
    this.#dropped += this.#waiting.length;
    this.#done(this.#waiting.length, this.#waitingBytes);
  }

  async #rotate(): Promise<void> {
    await this.#compressing;
    const { maxFile, compress } = this.#options;
    await this.exclusive(async () => {
      await this.#files.shift(maxFile);
      const opened = await this.#files.append();
      await this.#file.close();
      ({ file: this.#file, size: this.#size } = opened);
      this.#generation += 1;
    });
    if (compress && maxFile > 1) this.#compressing = this.#compress();
  }

  async #compress(): Promise<void> {
    try {
      await this.#files.compress();
      await this.exclusive(() => this.#files.compressed());
    } catch (error) {
      this.#log.warn("a log stays as it is: compressing it failed", { error: String(error) });
    }
  }

  #tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
