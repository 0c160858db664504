import { StringDecoder } from "node:string_decoder";
import { plainLine } from "@outrigger/sdk/process";

/** How much of an error stream is kept for messages, and how long a line may be. */
const limits = { lines: 10, line: 16 * 1024 };

export interface LineTail {
  readonly push: (piece: Buffer) => void;
  /** The stream has ended: what is left is a line too. */
  readonly flush: () => void;
  readonly last: () => readonly string[];
}

/** Cuts an error stream into lines, tells each, and keeps the last ones. Lines that are too long are told in pieces. */
export function tailOfLines(tell: (line: string) => void): LineTail {
  const decoder = new StringDecoder("utf8");
  const kept: string[] = [];
  let rest = "";
  const take = (text: string): void => {
    const line = plainLine(text);
    if (line.trim() === "") return;
    kept.push(line);
    if (kept.length > limits.lines) kept.shift();
    tell(line);
  };
  return {
    push: (piece) => {
      const lines = (rest + decoder.write(piece)).split("\n");
      rest = lines.pop() ?? "";
      for (; rest.length > limits.line; rest = rest.slice(limits.line)) lines.push(rest.slice(0, limits.line));
      for (const line of lines) take(line);
    },
    flush: () => {
      take(rest + decoder.end());
      rest = "";
    },
    last: () => [...kept],
  };
}
