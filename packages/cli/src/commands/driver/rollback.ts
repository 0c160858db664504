import type { Command } from "commander";
import { openApi, withApi } from "../../driver/api-options.ts";
import { remotePackage } from "../../driver/remote-package.ts";
import { collect, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";
import { changeVersion, type UpgradeOptions } from "./upgrade.ts";

export function define(command: Command): void {
  withApi(command)
    .argument("<name>", "its name or id")
    .option("--grant-all-permissions", "with --engine: grant all that the version before asks for beyond this one, without questions")
    .option("--grant <name=value>", "with --engine: grant one such privilege; can be given several times", collect)
    .option("--force", "also while engines use it")
    .description(
      "Goes back to the version that a driver had before its last upgrade. Outrigger's host has kept that version's files; an engine fetches them again, and\n" +
        "which reference it was is known where the upgrade was made by this command.",
    )
    .action(rollback);
  withExamples(command, "driver rollback dir-volume:1.0.0");
}

async function rollback(name: string, options: UpgradeOptions): Promise<void> {
  const { driverErrors, previousVersions } = await import("@outrigger/driver");
  const api = await openApi(options);
  if (options.engine === undefined) await api.rollback(name, options.force === true);
  else {
    const installed = await api.inspect(name);
    const before = await previousVersions(options.engine).get(installed.Name);
    if (before === undefined) throw driverErrors["driver-no-previous"]({ name: installed.Name });
    await changeVersion(api, installed, await remotePackage(before, options), options);
  }
  say(`${name} is what it was before.`);
}
