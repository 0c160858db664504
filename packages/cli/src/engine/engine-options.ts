import { homedir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";

/** Where a gateway's plug-ins, its state and its control socket are. */
export interface EngineFolders {
  readonly plugins: string;
  readonly state?: string;
  readonly control?: string;
}

/** Adds `--plugins`, `--state` and `--control`, the same for the gateway and for the commands that speak to it. */
export function withEngineFolders(command: Command): Command {
  return command
    .addOption(
      new Option("--plugins <folder>", "the plug-ins, with their settings.yaml").env("OUTRIGGER_ENGINE_PLUGINS").default(usualPlugins()),
    )
    .addOption(
      new Option("--state <folder>", "where the gateway keeps versions and logs (default: /var/lib/outrigger/engine for root)").env(
        "OUTRIGGER_ENGINE_STATE",
      ),
    )
    .addOption(
      new Option("--control <socket>", "the gateway's control socket (default: control.sock in the state folder)").env(
        "OUTRIGGER_ENGINE_CONTROL",
      ),
    );
}

/** The folders with their defaults. */
export async function engineFolders(options: EngineFolders): Promise<Required<EngineFolders>> {
  const { stateFolder, usualStateFolder } = await import("@outrigger/engine");
  const state = options.state ?? usualStateFolder();
  return { plugins: options.plugins, state, control: options.control ?? stateFolder(state).control };
}

function usualPlugins(): string {
  if (process.getuid?.() === 0) return "/etc/outrigger/engine";
  return join(process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "outrigger", "engine");
}
