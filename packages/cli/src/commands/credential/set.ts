import { type Command, Option } from "commander";
import { connectTeam } from "../../connect.ts";
import { type TeamOptions, withExamples, withTeam } from "../../options.ts";
import { say } from "../../output/print.ts";
import { readTextFile } from "../../read-file.ts";
import { secretReader } from "../../read-secret.ts";

interface SetOptions extends TeamOptions {
  readonly kind: "registry" | "git";
  readonly host: string;
  readonly username: string;
  readonly passwordFile?: string;
}

export function define(command: Command): void {
  withTeam(command)
    .description(
      "Stores a user name and password for a registry or git host, encrypted. The password is typed, piped in, or read from a file.",
    )
    .argument("<name>", "a name for it")
    .addOption(new Option("--kind <kind>", "what it is for").choices(["registry", "git"]).default("registry"))
    .requiredOption("--host <host>", "the host that asks for it, e.g. registry.internal:5000")
    .requiredOption("--username <name>", "the user")
    .option("--password-file <file>", "file that holds the password")
    .action(set);
  withExamples(
    command,
    "credential set internal --host registry.internal:5000 --username build",
    "credential set forge --kind git --host git.internal --username build --password-file token.txt",
  );
}

async function set(name: string, options: SetOptions): Promise<void> {
  const { kind, host, username, passwordFile } = options;
  const api = connectTeam(options);
  const password = passwordFile === undefined ? await secretReader()("password") : readTextFile(passwordFile).replace(/\r?\n$/, "");
  await api.putCredential(name, { kind, host, username, password });
  say(`Stored the credential ${name} for ${host}.`);
}
