import { containerStyles, paint, type Style } from "../output/paint.ts";
import { say } from "../output/print.ts";
import { plainText, taskWords } from "./plain-text.ts";
import type { Reporter } from "./reporter.ts";

/** `HOST plug-in | text` for each line that is printed on a host, with a heading for each phase and step in which something is done. */
export function linesReporter(): Reporter {
  const styles = new Map<string, Style>();
  const styleOf = (host: string): Style => {
    const style = styles.get(host) ?? containerStyles[styles.size % containerStyles.length] ?? "cyan";
    styles.set(host, style);
    return style;
  };
  const print = (stream: NodeJS.WriteStream, line: string): void => {
    // Each write is a system call that is waited for: what comes in one turn of the event loop goes out as one.
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    stream.write(line);
  };
  const prefix = (host: string, name: string): string =>
    paint(styleOf(host), host === "-" ? name : `${host} ${name}`, host === "-" ? process.stderr : process.stdout);
  return {
    report: (event) => {
      if (event.event === "stage" && event.tasks > 0) {
        const left = event.left === event.tasks ? `${event.tasks}` : `${event.left} left of ${event.tasks}`;
        say(paint("bold", `== ${event.name} (${left})`, process.stderr));
      } else if (event.event === "output") {
        const stream = event.stream === "stdout" ? process.stdout : process.stderr;
        print(stream, `${prefix(event.host, event.name)} | ${plainText(event.text)}\n`);
      } else if (event.event === "task-ended" && event.result !== "done") {
        say(`${taskWords(event)}: ${event.result}${event.reason === undefined ? "" : `: ${plainText(event.reason)}`}`);
      } else if (event.event === "warning") say(`warning: ${plainText(event.text)}`);
      else if (event.event === "undo-started") say(paint("bold", "== taking back what was done", process.stderr));
    },
    say,
    close: () => {},
  };
}
