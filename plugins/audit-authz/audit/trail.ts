import { appendFileSync, closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

export interface TrailOptions {
  readonly file: string;
  /** Bytes at which a file is ended. */
  readonly size: number;
  /** The one that is written included. */
  readonly files: number;
}

/** JSON lines in files; each line is in the file before the request it is about goes on. */
export class Trail {
  readonly #options: TrailOptions;
  #file: number | undefined;
  #size = 0;

  constructor(options: TrailOptions) {
    this.#options = options;
  }

  /** @throws errors of writing; then nothing of the line is in the file */
  write(line: Readonly<Record<string, unknown>>): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    if (this.#size > 0 && this.#size + bytes.length > this.#options.size) this.#rotate();
    const file = this.#open();
    try {
      appendFileSync(file, bytes);
    } catch (error) {
      ftruncateSync(file, this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#size = 0;
  }

  #open(): number {
    if (this.#file !== undefined) return this.#file;
    mkdirSync(dirname(this.#options.file), { recursive: true, mode: 0o700 });
    const file = openSync(this.#options.file, "a", 0o600);
    this.#file = file;
    this.#size = fstatSync(file).size;
    return file;
  }

  #rotate(): void {
    const { file, files } = this.#options;
    const nameOf = (index: number): string => (index === 0 ? file : `${file}.${index}`);
    this.close();
    rmSync(nameOf(files - 1), { force: true });
    for (let index = files - 2; index >= 0; index -= 1) {
      try {
        renameSync(nameOf(index), nameOf(index + 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  }
}
