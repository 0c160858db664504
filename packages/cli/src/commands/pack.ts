import type { Command } from "commander";
import { withExamples } from "../options.ts";
import { say } from "../output/print.ts";

export function define(command: Command): void {
  command
    .argument("[folder]", "the plug-in's folder, with its plugin.yaml", ".")
    .option("-t, --tag <name:tag>", "what it is called (default: name and version of its plugin.yaml)")
    .description(
      "Packs a plug-in of the layer pod, engine or cluster into the local store. The same files give the same digest. Drivers are built: `outrigger driver build`.",
    )
    .action(pack);
  withExamples(command, "pack plugins/log-collector", "pack ./labeler -t registry.example/tools/labeler:1.0.0");
}

async function pack(folder: string, { tag }: { readonly tag?: string }): Promise<void> {
  const { familiarName, openStore, packFolder } = await import("@outrigger/registry");
  const { name, descriptor } = await packFolder(folder, await openStore(), tag);
  process.stdout.write(`${descriptor.digest}\n`);
  say(`Packed ${familiarName(name)}. Next: outrigger push ${familiarName(name)}`);
}
