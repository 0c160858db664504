/** What an archive may be at most. A reader stops at the first limit that is passed. */
export interface TarLimits {
  readonly entries: number;
  /** Bytes of the plain tar. */
  readonly size: number;
  /** Bytes of a path or of a link's target. */
  readonly pathLength: number;
  /** Bytes of one extended header (pax records, GNU long names). */
  readonly headerSize: number;
}

export const defaultTarLimits: TarLimits = { entries: 1_000_000, size: 64 * 2 ** 30, pathLength: 4096, headerSize: 2 ** 20 };
