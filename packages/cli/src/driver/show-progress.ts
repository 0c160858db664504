import { say } from "../output/print.ts";

interface Line {
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly total?: number };
}

/** Prints a progress stream's lines; of what moves in steps only the first. */
export async function showProgress(lines: AsyncIterable<Line>): Promise<void> {
  const seen = new Set<string>();
  for await (const { status, id, progressDetail } of lines) {
    const text = [id, status].filter((part) => part !== undefined && part !== "").join(": ");
    if (text === "" || (progressDetail !== undefined && seen.has(text))) continue;
    seen.add(text);
    say(text);
  }
}
