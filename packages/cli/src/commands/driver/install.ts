import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { type GrantOptions, grantPrivileges } from "../../driver/grant-privileges.ts";
import { askedPrivileges, createFrom, type FromOptions, remotePackage } from "../../driver/remote-package.ts";
import { showProgress } from "../../driver/show-progress.ts";
import { collect, wholeNumber, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";
import { secretReader } from "../../read-secret.ts";

interface InstallOptions extends ApiOptions, FromOptions, GrantOptions {
  readonly alias?: string;
  readonly disable?: true;
  readonly secret?: readonly string[];
  readonly timeout: number;
}

export function define(command: Command): void {
  withApi(command)
    .argument("<reference>", "the driver: a package of the local store, else HOST/NAME:TAG in a registry")
    .argument("[settings...]", "NAME=VALUE or NAME.FIELD=VALUE")
    .option("--from <layout>", "an image layout, a folder or what `outrigger save` wrote, in which the package is")
    .option("--alias <name>", "another name for it on this machine")
    .option("--disable", "leave it disabled")
    .option("--grant-all-permissions", "grant all that it asks for, without questions")
    .option("--grant <name=value>", "grant one privilege, e.g. network=host; can be given several times", collect)
    .option("--secret <setting>", "a setting that is typed without echo or read from the input; can be given several times", collect)
    .option("--timeout <seconds>", "how long it may take to become healthy (default: 15)", wholeNumber(0), 0)
    .description(
      "Installs a driver: shows what it asks for and has it granted one by one, fetches it, sets what was given, and enables it. What goes wrong before it is\n" +
        "enabled leaves nothing behind.",
    )
    .action(install);
  withExamples(
    command,
    "driver install registry.example/tools/dir-volume:1.0.0",
    "driver install tools/dir-volume:1.0.0 --grant-all-permissions SIZE=10",
    "driver install tools/dir-volume:1.0.0 --from ./dir-volume.tar --alias scratch --grant mount=/srv",
    "driver install tools/dir-volume:1.0.0 --engine unix:///var/run/docker.sock",
  );
}

async function install(reference: string, settings: readonly string[], options: InstallOptions): Promise<void> {
  const api = await openApi(options);
  const remote = await remotePackage(reference, options);
  const asked = await askedPrivileges(api, remote, options);
  await grantPrivileges(reference, asked, options);
  const given = await withSecrets(settings, options.secret ?? []);
  const { familiarName } = await import("@outrigger/registry");
  const name = options.alias ?? familiarName(remote.reference);
  if (options.engine !== undefined && remote.from !== undefined) await createFrom(api, remote, name);
  else await showProgress(api.pull(remote, options.alias, asked));
  try {
    if (given.length > 0) await api.set(name, given);
  } catch (error) {
    await api.remove(name, false);
    throw error;
  }
  if (options.disable === true) return say(`${name} is installed, and disabled.`);
  await api.enable(name, options.timeout);
  say(`${name} is installed and enabled.`);
}

/** Secrets come after what was given, so that they count. */
export async function withSecrets(settings: readonly string[], secrets: readonly string[]): Promise<readonly string[]> {
  const read = secretReader();
  const typed: string[] = [];
  for (const name of secrets) typed.push(`${name}=${await read(name)}`);
  return [...settings, ...typed];
}
