import type { ClusterImageSummary, PackageDescription } from "@outrigger/registry";
import type { Command } from "commander";
import { type OutputOptions, withExamples, withOutput } from "../options.ts";
import { print } from "../output/print.ts";
import { formatFields, formatTable } from "../output/table.ts";
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
  const { describePackage, formatPlatform } = await import("@outrigger/registry");
  const { source, key, close } = await findPlace(text, registryOptions(options));
  try {
    const found = await describePackage(source, key);
    await print(options.output, found, () => {
      const fields = formatFields([
        ["layer", layerWords(found)],
        ["name", found.name],
        ["version", found.version],
        ["description", found.plugin?.metadata.description],
        ["digest", found.digest],
        ["type", found.mediaType],
        ["size", formatSize(found.size)],
        ["platforms", found.platforms.map(formatPlatform).join(", ")],
        ["signed by", found.signedBy.length === 0 ? "" : `${found.signedBy.join(", ")} (as it says; \`outrigger verify\` proves it)`],
      ]);
      return found.clusterImage === undefined ? fields : `${fields}\n${clusterWords(found.clusterImage)}`;
    });
  } finally {
    close();
  }
}

function layerWords({ layer, clusterImage }: PackageDescription): string {
  if (clusterImage !== undefined)
    return clusterImage.kind === "cluster" ? "cluster: an image that puts a cluster up" : "cluster: an application for clusters";
  return layer ?? "none: it is no plug-in";
}

/** What a cluster image starts, and the plug-ins that it brings. */
function clusterWords({ commands, plugins }: ClusterImageSummary): string {
  const started = commands.map((command, index) => `${index === 0 ? "commands:" : "         "} ${command.replaceAll("\n", " ")}`);
  const table = formatTable(
    [
      { title: "plug-in", cell: ({ name }) => name },
      { title: "type", cell: ({ type }) => type },
      { title: "phases", cell: ({ phases }) => phases.join(", ") },
      { title: "on", cell: ({ targets }) => targets.join(", ") },
      { title: "privileges", cell: ({ privileges }) => privileges.join(", ") },
      { title: "file", cell: ({ path }) => path },
    ],
    plugins,
  );
  return [...started, "", plugins.length === 0 ? "It brings no plug-ins." : table].join("\n");
}
