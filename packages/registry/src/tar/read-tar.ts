import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { TarLimits } from "./limits.ts";
import { type TarHandlers, TarParser } from "./tar-parser.ts";

/** `name` is for messages. */
export interface ReadTarOptions {
  readonly name: string;
  readonly limits?: Partial<TarLimits>;
}

/**
 * Reads a plain tar to its end, calling the handlers as its entries come.
 *
 * @throws archive-invalid, archive-too-large; what `content` throws
 */
export async function readTar(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  handlers: TarHandlers,
  { name, limits }: ReadTarOptions,
): Promise<void> {
  const parser = new TarParser(name, handlers, limits);
  for await (const piece of content) parser.push(piece);
  parser.finish();
}

const window = 64 * 1024;

/** Reads the headers of a plain tar on disk and passes over the contents; `data` is not called. */
export function readTarFile(path: string, handlers: TarHandlers, { name, limits }: ReadTarOptions): void {
  const parser = new TarParser(name, handlers, limits);
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.allocUnsafe(window);
    for (let position = 0; position < size; ) {
      const skipped = Math.min(parser.skippable, size - position);
      if (skipped > 0) {
        parser.skip(skipped);
        position += skipped;
      }
      const length = readSync(file, buffer, 0, window, position);
      if (length === 0) break;
      position += pushUntilContent(parser, buffer.subarray(0, length));
    }
    parser.finish();
  } finally {
    closeSync(file);
  }
}

/** Pushes whole blocks until a content begins that goes beyond the window; gives how many bytes were taken. */
function pushUntilContent(parser: TarParser, bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const rest = bytes.length - at;
    if (parser.skippable > rest) break;
    const step = parser.skippable > 0 ? parser.skippable : Math.min(512, rest);
    if (parser.skippable > 0) parser.skip(step);
    else parser.push(bytes.subarray(at, at + step));
    at += step;
  }
  return at;
}
