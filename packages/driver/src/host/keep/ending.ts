import { constants } from "node:os";

/** How a driver ended, as the end of a sentence. An OCI runtime tells a signal as 128 and its number, as shells do. */
export function endingText(code: number | undefined, lines: readonly string[]): string {
  const written = lines.length === 0 ? "" : `; it last wrote: ${lines.join(" | ").slice(0, 500)}`;
  return `${wayOf(code)}${written}`;
}

function wayOf(code: number | undefined): string {
  if (code === undefined) return "it ended, and nobody saw how";
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? `it ended with exit code ${code}` : `it was ended by ${signal} (exit code ${code})`;
}
