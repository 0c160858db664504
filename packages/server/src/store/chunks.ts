/** A statement takes so many parameters only; rows are written this many at a time. */
const rowsPerStatement = 1000;

/** Calls `write` with the rows, a chunk at a time; not at all where there are none. */
export async function inChunks<Row>(rows: readonly Row[], write: (chunk: readonly Row[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < rows.length; at += rowsPerStatement) await write(rows.slice(at, at + rowsPerStatement));
}
