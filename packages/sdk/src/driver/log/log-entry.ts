/** One piece of what a container writes. */
export interface LogEntry {
  /** `stdout` or `stderr`. */
  readonly source: string;
  /** Nanoseconds since 1970. */
  readonly timeNano: bigint;
  /** Without its newline. */
  readonly line: Buffer;
  /** The engine cuts lines at 16 KiB; all parts of one have the same id, the last one says so. */
  readonly part?: { readonly id: string; readonly ordinal: number; readonly last: boolean };
  /** What `--log-opt labels=...` and the like ask for; engines from 29.5 on. */
  readonly attributes?: Readonly<Record<string, string>>;
}
