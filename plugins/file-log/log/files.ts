import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** The file that is written; ended ones are `container.log.1`, or `container.log.1.gz`, and so on, the newest first. */
const current = "container.log";

/** One container's files in their folder. */
export class LogFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @param index 0: the one that is written */
  pathOf(index: number): string {
    return join(this.folder, index === 0 ? current : `${current}.${index}`);
  }

  /** Mends what a crash has left, and removes what is beyond the limit. */
  async prepare(maxFile: number): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.folder)) {
      const [, index, ending] = /^container\.log\.([0-9]+)(\.gz|\.gz\.next)?$/.exec(name) ?? [];
      if (index === undefined) continue;
      // A file gets the name .gz when it is whole.
      const superseded = ending === undefined && (await exists(`${this.pathOf(Number(index))}.gz`));
      if (superseded || ending === ".gz.next" || Number(index) >= maxFile) await rm(join(this.folder, name));
    }
  }

  /** How many files there are; their indices are below it. */
  async count(): Promise<number> {
    const names = await readdir(this.folder).catch((): string[] => []);
    const indices = names.map((name) => (name === current ? 0 : Number(/^container\.log\.([0-9]+)(?:\.gz)?$/.exec(name)?.[1] ?? -1)));
    return Math.max(-1, ...indices) + 1;
  }

  /** Opens one for reading; undefined where it is not there any more. */
  async read(index: number): Promise<{ readonly file: FileHandle; readonly compressed: boolean } | undefined> {
    for (const [path, compressed] of [
      [this.pathOf(index), false],
      [`${this.pathOf(index)}.gz`, true],
    ] as const) {
      const file = await open(path, "r").catch(missing);
      if (file !== undefined) return { file, compressed };
    }
    return undefined;
  }

  /** Opens the one that is written, at its end. */
  async append(): Promise<{ readonly file: FileHandle; readonly size: number }> {
    const file = await open(this.pathOf(0), "a+", 0o640);
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    if (size === 0 || buffer[0] === 10) return { file, size };
    // A crash has cut the last line: what comes now begins on one of its own.
    await file.appendFile("\n");
    return { file, size: size + 1 };
  }

  /** Every file becomes one older; the oldest goes. */
  async shift(maxFile: number): Promise<void> {
    // It was done before, and what came after it failed.
    if (!(await exists(this.pathOf(0)))) return;
    if (maxFile === 1) return await rm(this.pathOf(0));
    for (const ending of ["", ".gz"]) await rm(`${this.pathOf(maxFile - 1)}${ending}`, { force: true });
    for (let index = maxFile - 2; index > 0; index -= 1) {
      for (const ending of ["", ".gz"]) await rename(`${this.pathOf(index)}${ending}`, `${this.pathOf(index + 1)}${ending}`).catch(missing);
    }
    await rename(this.pathOf(0), this.pathOf(1));
  }

  /** Compresses the newest ended one beside it; {@link compressed} then puts it in its place. */
  async compress(): Promise<void> {
    const next = `${this.pathOf(1)}.gz.next`;
    try {
      await pipeline(createReadStream(this.pathOf(1)), createGzip(), createWriteStream(next, { mode: 0o640 }));
    } catch (error) {
      await rm(next, { force: true });
      throw error;
    }
  }

  async compressed(): Promise<void> {
    await rename(`${this.pathOf(1)}.gz.next`, `${this.pathOf(1)}.gz`);
    await rm(this.pathOf(1));
  }
}

function missing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw error;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(missing)) !== undefined;
}
