import { resolve } from "node:path";
import { usualRecordsFolder, usualWrapperFolder, type WrapperSettings } from "@outrigger/engine";
import { type Command, InvalidArgumentError, Option } from "commander";
import { wholeNumber, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface InstallOptions {
  readonly name: string;
  readonly runtime: string;
  readonly default?: true;
  readonly daemonJson: string;
  readonly folder: string;
  readonly records: string;
  readonly missing: WrapperSettings["missing"];
  readonly unanswered: WrapperSettings["unanswered"];
  readonly wait: number;
  readonly write?: true;
  readonly remove?: true;
  readonly reload?: string;
}

export function define(command: Command): void {
  command
    .description(
      "Shows how daemon.json changes when the OCI runtime that carries out plug-ins' hooks is registered there; makes the change with --write.\n" +
        "The runtime adds a container's hooks to its bundle and then becomes runc, or what --runtime names.",
    )
    .addOption(new Option("--name <name>", "what Docker calls the runtime").default("outrigger").argParser(runtimeName))
    .option("--runtime <runtime>", "the real runtime: a program, its absolute path, or a runtime of daemon.json", "runc")
    .option("--default", "make it the runtime of containers that name none")
    .option("--daemon-json <file>", "the engine's configuration", "/etc/docker/daemon.json")
    .addOption(pathOption("--folder <folder>", "where the wrapper is put; root's alone", usualWrapperFolder))
    .addOption(pathOption("--records <folder>", "where the gateway keeps the hooks of containers", usualRecordsFolder))
    .addOption(
      new Option("--missing <what>", "a container that the gateway has not seen: run it without hooks, ask the gateway, or refuse it")
        .choices(["run", "ask", "refuse"])
        .default("run"),
    )
    .addOption(
      new Option("--unanswered <what>", "with --missing ask, when the gateway does not answer")
        .choices(["run", "refuse"])
        .default("refuse"),
    )
    .addOption(new Option("--wait <seconds>", "how long to wait for the gateway's answer").default(5).argParser(wholeNumber(1)))
    .option("--write", "make the change instead of showing it; what daemon.json was stays as daemon.json.backup")
    .option("--remove", "take the runtime out again; containers made with it then no longer start")
    .option("--reload <pidfile>", "after --write, have the dockerd of this pid file read daemon.json again (SIGHUP)")
    .action(installRuntime);
  withExamples(
    command,
    "engine install-runtime",
    "engine install-runtime --default --write --reload /var/run/docker.pid",
    "engine install-runtime --name outrigger-crun --runtime crun --write",
    "engine install-runtime --remove --write",
  );
}

function runtimeName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text)) throw new InvalidArgumentError("Expected letters, digits, dots, dashes and underscores.");
  return text;
}

function pathOption(flags: string, description: string, usual: string): Option {
  return new Option(flags, description).default(usual).argParser((text) => resolve(text));
}

async function installRuntime(options: InstallOptions): Promise<void> {
  const { findRuntime, planInstall, planRemove, reloadEngine, writeInstall, writeRemove } = await import("@outrigger/engine");
  const { name, daemonJson, folder, records, missing, unanswered, wait } = options;
  const installation = { name, daemonJson, folder, asDefault: options.default === true };
  const change = options.remove === true ? await planRemove(installation) : await planInstall(installation);
  const settings = async (): Promise<WrapperSettings> => {
    return { runtime: await findRuntime(daemonJson, options.runtime), records, missing, unanswered, wait };
  };
  if (change.diff !== "") process.stdout.write(`--- ${daemonJson}\n+++ ${daemonJson}\n${change.diff}\n`);
  else say(`${daemonJson} stays as it is.`);
  if (options.write !== true) return say("Nothing was written; --write does it.");
  if (options.remove === true) await writeRemove(daemonJson, change);
  else await writeInstall(daemonJson, change, await settings());
  say(options.remove === true ? `Removed ${change.wrapper}.` : `Wrote ${change.wrapper}.`);
  if (options.reload !== undefined) return say(`Told dockerd (process ${await reloadEngine(options.reload)}) to read it again.`);
  if (change.diff !== "") say("The engine reads it when it gets SIGHUP: `systemctl reload docker`, or --reload with its pid file.");
}
