const newline = 0x0a;

/** Cuts a stream of bytes into its lines. */
export interface LineCutter {
  /** The lines that are whole now, without their ends. @returns undefined once a line is longer than the limit; nothing is kept of it */
  readonly push: (piece: Uint8Array) => readonly Uint8Array[] | undefined;
}

/** @param limit of a line, in bytes */
export function createLineCutter(limit: number): LineCutter {
  let parts: Uint8Array[] = [];
  let held = 0;
  const keep = (part: Uint8Array): boolean => {
    held += part.length;
    if (held > limit) parts = [];
    else parts.push(part);
    return held <= limit;
  };
  return {
    push: (piece) => {
      const lines: Uint8Array[] = [];
      let from = 0;
      for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, from)) {
        if (!keep(piece.subarray(from, end))) return undefined;
        lines.push(Buffer.concat(parts));
        [parts, held, from] = [[], 0, end + 1];
      }
      return keep(piece.slice(from)) ? lines : undefined;
    },
  };
}
