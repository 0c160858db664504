import type { Role } from "@outrigger/server";
import type { Command } from "commander";
import { connectServer } from "../../connect.ts";
import { cliErrors } from "../../errors.ts";
import { type ConnectionOptions, collect, type OutputOptions, withConnection, withExamples, withOutput } from "../../options.ts";
import { print, say } from "../../output/print.ts";

interface CreateOptions extends ConnectionOptions, OutputOptions {
  readonly role?: readonly string[];
  readonly admin?: true;
}

const roles: readonly Role[] = ["viewer", "developer", "admin"];

export function define(command: Command): void {
  withOutput(withConnection(command))
    .description("Makes a token. Its text is printed once and can't be had again.")
    .argument("<description>", "who or what it is for")
    .option("--role <team=role>", "a role in a team: viewer, developer or admin; can be given several times", collect)
    .option("--admin", "everything, in every team")
    .action(create);
  withExamples(command, 'token create "build machine" --role default=developer > token', 'token create "on call" --admin');
}

async function create(description: string, options: CreateOptions): Promise<void> {
  const given = Object.fromEntries((options.role ?? []).map(parseRole));
  const token = await connectServer(options).createToken({ description, admin: options.admin === true, roles: given });
  await print(options.output, token, () => token.token);
  if (options.output === "table") say(`Made the token ${token.id}. Keep the text above: it is not shown again.`);
}

function parseRole(text: string): readonly [team: string, role: Role] {
  const [team = "", name] = text.split("=");
  const role = roles.find((each) => each === name);
  if (team === "" || role === undefined) {
    throw cliErrors["option-invalid"]({
      option: "--role",
      found: `"${text}"`,
      expected: `TEAM=ROLE with a role of ${roles.join(", ")}`,
      command: "token create",
    });
  }
  return [team, role];
}
