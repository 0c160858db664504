import { type Command, InvalidArgumentError } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { collect, withExamples } from "../../../options.ts";

interface OrderOptions extends VerbOptions {
  readonly priority?: number;
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly reset?: true;
}

export function define(command: Command): void {
  withVerb(command)
    .argument("<plugin>", "its name")
    .option("--priority <number>", "higher comes first, -1000 to 1000", priority)
    .option("--before <plugin>", "a plug-in that comes after it; can be given several times", collect)
    .option("--after <plugin>", "a plug-in that comes before it; can be given several times", collect)
    .option("--reset", "take back what settings.yaml says, so that the plug-in's own manifest counts")
    .description(
      "Says where a plug-in stands among those at the same hook point: before and after first, then the higher priority, then the name.",
    )
    .action(order);
  withExamples(
    command,
    "engine plugins order policy --after env-to-limits",
    "engine plugins order labeler --priority 10",
    "engine plugins order labeler --reset",
  );
}

async function order(plugin: string, options: OrderOptions): Promise<void> {
  const { priority, before, after, reset } = options;
  const given = {
    ...(priority === undefined ? {} : { priority }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
  const wanted = reset === true ? { priority: undefined, before: undefined, after: undefined, ...given } : given;
  await changePlugins(options, (host, dryRun) => host.order("engine", plugin, wanted, dryRun));
}

function priority(text: string): number {
  if (!/^-?\d+$/.test(text) || Math.abs(Number(text)) > 1000) throw new InvalidArgumentError("Expected a whole number from -1000 to 1000.");
  return Number(text);
}
