import type { DirectoryHook } from "@outrigger/engine";
import type { Command } from "commander";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface HooksDirectoryOptions {
  readonly plugins: string;
  readonly output: string;
}

/** Loads the plug-ins of a folder and asks each once for its hooks, with a container that has no name, image, labels or variables. */
export type AskPlugins = (folder: string) => Promise<readonly DirectoryHook[]>;

/** The command, given who asks the plug-ins. */
export function defineHooksDirectory(command: Command, askPlugins: AskPlugins): void {
  command
    .description(
      "Writes a hooks.d directory for Podman and CRI-O from what plug-ins answer at container.preStart.\n" +
        "Such a directory is fixed: each plug-in is asked once, for a container without name, image, labels and variables.",
    )
    .requiredOption("--plugins <folder>", "the plug-ins, as `outrigger engine` has them")
    .requiredOption("--output <folder>", "the directory, e.g. /etc/containers/oci/hooks.d")
    .action((options: HooksDirectoryOptions) => hooksDirectory(options, askPlugins));
  withExamples(command, "engine hooks-directory --plugins ./plugins --output /etc/containers/oci/hooks.d");
}

async function hooksDirectory({ plugins, output }: HooksDirectoryOptions, askPlugins: AskPlugins): Promise<void> {
  const { writeHooksDirectory } = await import("@outrigger/engine");
  const files = await writeHooksDirectory(output, await askPlugins(plugins));
  say(files.length === 0 ? `No plug-in has hooks; ${output} has none of Outrigger's.` : `Wrote to ${output}: ${files.join(", ")}.`);
}
