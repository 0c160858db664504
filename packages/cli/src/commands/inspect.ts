import type { Command } from "commander";
import { type OutputOptions, withExamples, withOutput } from "../options.ts";
import { print } from "../output/print.ts";
import { formatFields } from "../output/table.ts";
import { formatSize } from "../packages/format-size.ts";
import { findPlace, placeWords } from "../packages/places.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../packages/registry-options.ts";

export function define(command: Command): void {
  withOutput(withRegistry(command))
    .argument("<place>", `a package of the local store, else of a registry; or ${placeWords}`)
    .description("Shows what a package or image is, without fetching its layers. -o json shows its manifest, plugin.yaml and config.json.")
    .action(inspect);
  withExamples(command, "inspect store:log-collector:1.0.0", "inspect registry.example/tools/log:1.0 -o yaml");
}

async function inspect(text: string, options: RegistryFlags & OutputOptions): Promise<void> {
  const { describePackage } = await import("@outrigger/registry");
  const { source, key, close } = await findPlace(text, registryOptions(options));
  try {
    const found = await describePackage(source, key);
    await print(options.output, found, () =>
      formatFields([
        ["layer", found.layer ?? "none: it is no plug-in"],
        ["name", found.name],
        ["version", found.version],
        ["description", found.plugin?.metadata.description],
        ["digest", found.digest],
        ["type", found.mediaType],
        ["size", formatSize(found.size)],
        [
          "platforms",
          found.platforms.map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join("/")).join(", "),
        ],
        ["signed by", found.signedBy.length === 0 ? "" : `${found.signedBy.join(", ")} (as it says; \`outrigger verify\` proves it)`],
      ]),
    );
  } finally {
    close();
  }
}
