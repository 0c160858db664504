import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

/** Text in a colour, where the stream is a terminal and NO_COLOR is not set. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

const good: ReadonlySet<string> = new Set(["ready", "healthy", "built", "running", "done"]);
const bad: ReadonlySet<string> = new Set(["failing", "failed", "timed-out", "cancelled", "warning"]);

/** The colour that a state is shown in. */
export function stateStyle(state: string): Style {
  if (good.has(state)) return "green";
  return bad.has(state) ? "red" : "yellow";
}

/** Colours that tell containers apart; errors keep red for themselves. */
export const containerStyles: readonly Style[] = [
  "cyan",
  "magenta",
  "yellow",
  "green",
  "blue",
  "cyanBright",
  "magentaBright",
  "yellowBright",
];
