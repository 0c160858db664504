import type { ClusterLogger } from "../cluster-context.ts";
import type { LogParams } from "../protocol.ts";

/** Characters of log that one call may write; more is more than anybody reads. */
const logLimit = 8 * 1024 * 1024;

/** Control characters but the tab, which could move a terminal's cursor or colour what comes after. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/** What a plug-in wrote, as one line that a terminal shows as it is. */
export function plainLine(text: string): string {
  return text.replace(/\r$/, "").replace(control, "\ufffd");
}

/** A call's log: line by line, without control characters, up to a limit that it says. */
export function boundedLog(log: ClusterLogger): (params: LogParams) => void {
  let written = 0;
  return ({ level, text }) => {
    if (written > logLimit) return;
    written += text.length;
    if (written > logLimit) return log.warn(`The log ends here: it has more than ${logLimit} characters.`);
    for (const line of text.replace(/\n$/, "").split("\n")) log[level](plainLine(line));
  };
}
