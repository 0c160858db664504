import type { Command } from "commander";
import { type EngineFolders, engineFolders, withEngineFolders } from "../../engine/engine-options.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface HooksDirectoryOptions extends EngineFolders {
  readonly output: string;
}

export function define(command: Command): void {
  withEngineFolders(command)
    .description(
      "Writes a hooks.d directory for Podman and CRI-O from what plug-ins answer at container.preStart.\n" +
        "Such a directory is fixed: each plug-in is asked once, for a container without name, image, labels and variables.",
    )
    .requiredOption("--output <folder>", "the directory, e.g. /etc/containers/oci/hooks.d")
    .action(hooksDirectory);
  withExamples(command, "engine hooks-directory --plugins ./plugins --output /etc/containers/oci/hooks.d");
}

async function hooksDirectory({ output, ...folders }: HooksDirectoryOptions): Promise<void> {
  const { collectDirectoryHooks, writeHooksDirectory } = await import("@outrigger/engine");
  const { plugins, state } = await engineFolders(folders);
  const files = await writeHooksDirectory(output, await collectDirectoryHooks(plugins, state));
  say(files.length === 0 ? `No plug-in has hooks; ${output} has none of Outrigger's.` : `Wrote to ${output}: ${files.join(", ")}.`);
}
