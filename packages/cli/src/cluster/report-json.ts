import { say } from "../output/print.ts";
import type { Reporter } from "./reporter.ts";

/** The journal's events on the standard output, a line each. */
export function jsonReporter(): Reporter {
  return {
    report: (event) => {
      if ("time" in event) process.stdout.write(`${JSON.stringify(event)}\n`);
    },
    say,
    close: () => {},
  };
}
