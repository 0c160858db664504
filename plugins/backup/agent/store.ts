import type { Readable } from "node:stream";

/** An archive on its way to where it is kept. Nothing is to be seen of it before `finish` has ended. */
export interface Incoming {
  /** Takes the next bytes; slow down until it has ended. */
  readonly write: (bytes: Buffer) => Promise<void>;
  /** Makes it whole, with its checksum (hexadecimal SHA-256) beside it. */
  readonly finish: (sha256: string) => Promise<void>;
  /** Leaves nothing of it. */
  readonly discard: () => Promise<void>;
}

export interface Archive {
  readonly name: string;
  readonly bytes: number;
}

/** Where archives are kept, each with a file `NAME.sha256` in the format of sha256sum beside it. */
export interface Store {
  readonly begin: (name: string) => Promise<Incoming>;
  /** By name, so oldest first for archives of one component. */
  readonly list: () => Promise<readonly Archive[]>;
  readonly read: (name: string) => Promise<Readable>;
  readonly checksum: (name: string) => Promise<string>;
  readonly remove: (name: string) => Promise<void>;
  /** Removes what a run that was killed has left. */
  readonly clean: () => Promise<void>;
}

const ending = /\.tar(\.gz|\.zst)?$/;

export function isArchive(name: string): boolean {
  return ending.test(name);
}

/** The line that sha256sum writes and checks. */
export function checksumLine(sha256: string, name: string): string {
  return `${sha256}  ${name}\n`;
}

/** @throws TypeError where there is none */
export function checksumOf(line: string, name: string): string {
  const sha256 = /^([0-9a-f]{64}) [ *]/.exec(line)?.[1];
  if (sha256 === undefined) throw new TypeError(`${name}.sha256 holds no checksum`);
  return sha256;
}
