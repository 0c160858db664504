import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { parseTarget, type TeamOptions, withExamples, withTeam } from "../options.ts";
import { say } from "../output/print.ts";

export function define(command: Command): void {
  withTeam(command)
    .description("Makes a component's pod anew: every container stops, init plug-ins run again, every container starts.")
    .argument("<target>", "APPLICATION/COMPONENT")
    .action(async (target: string, options: TeamOptions) => {
      await connectTeam(options).restart(parseTarget(target));
      say(`Restarting ${target}.`);
    });
  withExamples(command, "restart shop/web");
}
