import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";

/** How a backup went. */
export interface Run {
  /** RFC 3339. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly ok: boolean;
  /** Why it failed. */
  readonly problem?: string;
  /** What was odd, though it went well. */
  readonly note?: string;
  /** Of a whole one. */
  readonly archive?: string;
  readonly bytes?: number;
  /** Hexadecimal. */
  readonly sha256?: string;
}

/** What outlives the container. */
export interface Remembered {
  readonly lastRun?: Run | undefined;
  readonly lastSuccess?: Run | undefined;
  readonly succeeded: number;
  readonly failed: number;
  /** An upload to an S3 store that is under way. */
  readonly upload?: { readonly key: string; readonly id: string } | undefined;
}

export interface State {
  readonly read: () => Remembered;
  readonly change: (part: Partial<Remembered>) => Promise<void>;
}

/** Keeps the state in a file, replaced whole. A file that can't be read counts as none. */
export function openState(file: string): State {
  let remembered: Remembered = { succeeded: 0, failed: 0 };
  try {
    remembered = { ...remembered, ...(JSON.parse(readFileSync(file, "utf8")) as Partial<Remembered>) };
  } catch {
    // The first start.
  }
  return {
    read: () => remembered,
    change: async (part) => {
      remembered = { ...remembered, ...part };
      await writeFile(`${file}.new`, JSON.stringify(remembered), { mode: 0o600 });
      await rename(`${file}.new`, file);
    },
  };
}
