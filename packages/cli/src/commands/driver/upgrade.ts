import type { ManagedPlugin, PluginApi, RemotePackage } from "@outrigger/driver";
import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { type GrantOptions, grantPrivileges } from "../../driver/grant-privileges.ts";
import { askedPrivileges, type FromOptions, remotePackage } from "../../driver/remote-package.ts";
import { showProgress } from "../../driver/show-progress.ts";
import { collect, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

export interface UpgradeOptions extends ApiOptions, FromOptions, GrantOptions {
  readonly force?: true;
}

export function define(command: Command): void {
  withApi(command)
    .argument("<name>", "its name or id")
    .argument("[reference]", "the new version; without it what its own name stands for by now")
    .option("--from <layout>", "an image layout, a folder or what `outrigger save` wrote, in which the package is")
    .option("--grant-all-permissions", "grant all that is new, without questions")
    .option("--grant <name=value>", "grant one new privilege; can be given several times", collect)
    .option("--force", "also while engines use it")
    .description(
      "Puts another version in a driver's place. What was set is kept, new settings have their defaults, and only privileges that are new are asked for.\n" +
        "In Outrigger's host the old version runs again where the new one does not become healthy; an engine wants the driver disabled first.",
    )
    .action(upgrade);
  withExamples(command, "driver upgrade dir-volume:1.0.0 registry.example/tools/dir-volume:1.1.0", "driver upgrade dir-volume:latest");
}

async function upgrade(name: string, reference: string | undefined, options: UpgradeOptions): Promise<void> {
  const api = await openApi(options);
  const installed = await api.inspect(name);
  const remote = await remotePackage(reference ?? installed.PluginReference, options);
  await changeVersion(api, installed, remote, options);
  say(`${installed.Name} is now ${remote.reference}.`);
}

/** Asks for what is new, and upgrades. Of an engine's plug-in the reference before is kept, for `rollback`. */
export async function changeVersion(
  api: PluginApi,
  installed: ManagedPlugin,
  remote: RemotePackage,
  options: UpgradeOptions,
): Promise<void> {
  const { driverErrors, newPrivileges, previousVersions, privilegesOfConfig } = await import("@outrigger/driver");
  if (options.engine !== undefined && remote.from !== undefined)
    throw driverErrors["engine-cannot"]({
      what: "upgrade from a file or the local store",
      reason: "its API takes names in registries only",
      mend: "Push the driver to a registry first with `outrigger driver push`, or remove the old version and install the new one.",
    });
  const asked = await askedPrivileges(api, remote, options);
  await grantPrivileges(installed.Name, newPrivileges(privilegesOfConfig(installed.Config), asked), options);
  await showProgress(api.upgrade(installed.Name, remote, asked, options.force === true));
  if (options.engine !== undefined) await previousVersions(options.engine).put(installed.Name, installed.PluginReference);
}
