import type { Command } from "commander";
import { connectServer } from "../../connect.ts";
import { cliErrors } from "../../errors.ts";
import { type ConnectionOptions, withConnection, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface AllowOptions extends ConnectionOptions {
  readonly remove?: true;
}

export function define(command: Command): void {
  withConnection(command)
    .description(
      "Lets the installations of a team use a privilege that a plug-in asks for, or no longer. `outrigger plugin show` lists what one asks for.",
    )
    .argument("<team>", "its name")
    .argument("<privilege...>", "privileged, capability:NAME, or discovery-without-token")
    .option("--remove", "no longer allow it")
    .action(allow);
  withExamples(command, "team allow blue capability:NET_ADMIN", "team allow blue capability:NET_ADMIN --remove");
}

async function allow(name: string, privileges: readonly string[], options: AllowOptions): Promise<void> {
  const api = connectServer(options);
  const teams = await api.teams();
  const team = teams.find((each) => each.name === name);
  if (team === undefined) throw cliErrors["team-unknown"]({ team: name, known: teams.map((each) => each.name).join(", ") });
  const kept = team.allow.filter((privilege) => !privileges.includes(privilege));
  const changed = await api.changeTeam(team, options.remove === true ? kept : [...kept, ...privileges].toSorted());
  say(`${name} allows: ${changed.allow.join(", ") || "nothing beyond plain containers"}.`);
}
