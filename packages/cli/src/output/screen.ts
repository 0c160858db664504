import { stripVTControlCharacters } from "node:util";

/** Lines that are drawn in place on a terminal. */
export interface Screen {
  /** Draws lines over those drawn before. Where they are higher than the terminal, `keep` says which end is shown. */
  readonly draw: (lines: readonly string[], keep: "head" | "tail") => void;
}

export function createScreen(stream: NodeJS.WriteStream): Screen {
  let drawn = 0;
  return {
    draw: (lines, keep) => {
      const most = Math.max(1, (stream.rows || 24) - 1);
      const kept = keep === "head" ? lines.slice(0, most) : lines.slice(-most);
      const shown = kept.map((line) => fit(line, stream.columns || 80));
      const up = drawn === 0 ? "" : `\u001b[${drawn}A`;
      stream.write(`${up}\u001b[0J${shown.join("\n")}\n`);
      drawn = shown.length;
    },
  };
}

const csi = "\u001b[";
const colourCode: RegExp = new RegExp(`(${csi.replace("[", "\\[")}[0-9;]*m)`);

/** Cuts a line to the terminal's width: a line that wraps would break drawing in place. Colour codes take no width. */
function fit(line: string, columns: number): string {
  if (stripVTControlCharacters(line).length < columns) return line;
  let width = 0;
  let cut = "";
  for (const part of line.split(colourCode)) {
    if (part.startsWith(csi)) cut += part;
    else {
      const taken = part.slice(0, Math.max(0, columns - 2 - width));
      width += taken.length;
      cut += taken;
    }
  }
  return `${cut}…`;
}
