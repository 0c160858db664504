import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { collect, parseTarget, type TeamOptions, wholeNumber, withExamples, withTeam } from "../options.ts";
import { containerStyles, paint, type Style } from "../output/paint.ts";

interface LogsOptions extends TeamOptions {
  readonly follow?: true;
  readonly container?: readonly string[];
  readonly tail?: number;
  readonly replica?: number;
  readonly timestamps?: true;
}

interface Line {
  readonly replica: number;
  readonly container: string;
  readonly time: string;
  readonly text: string;
}

export function define(command: Command): void {
  withTeam(command)
    .description(
      "Prints the logs of all containers of a component, init containers too, each line prefixed with its container (and its pod's number, where there are several).",
    )
    .argument("<target>", "APPLICATION/COMPONENT")
    .option("-f, --follow", "go on until Ctrl-C")
    .option("-c, --container <name>", "only this container; can be given several times", collect)
    .option("--tail <lines>", "only the last lines of each container", wholeNumber(0))
    .option("--replica <number>", "only this one of the component's pods, from 0", wholeNumber(0))
    .option("--timestamps", "put the time before each line")
    .action(logs);
  withExamples(command, "logs shop/web", "logs shop/web -f -c log-collector", "logs shop/web --tail 20 --timestamps");
}

async function logs(target: string, options: LogsOptions): Promise<void> {
  const api = connectTeam(options);
  const parsed = parseTarget(target);
  const { status } = await api.component(parsed);
  const several = status.pods.length > 1;
  const names = [
    ...new Set(
      status.pods.flatMap(({ replica, containers }) =>
        containers
          .filter(({ name }) => options.container?.includes(name) ?? true)
          .map(({ name }) => (several ? `${replica}/${name}` : name)),
      ),
    ),
  ];
  const widest = Math.max(0, ...names.map((name) => name.length));
  const styles = new Map<string, Style>();
  const styleOf = (name: string): Style => {
    const known = styles.get(name) ?? containerStyles[styles.size % containerStyles.length] ?? "cyan";
    styles.set(name, known);
    return known;
  };
  for (const name of names) styleOf(name);
  const query = { replica: options.replica, follow: options.follow === true, container: options.container?.join(","), tail: options.tail };
  for await (const { event, data } of api.logs(parsed, query)) {
    if (event !== "line") continue;
    const { replica, container, time, text } = data as Line;
    const name = several ? `${replica}/${container}` : container;
    const prefix = paint(styleOf(name), `${name.padEnd(widest)} |`);
    process.stdout.write(`${prefix} ${options.timestamps === true ? `${time} ` : ""}${text}\n`);
  }
}
