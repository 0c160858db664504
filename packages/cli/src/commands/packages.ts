import type { Command } from "commander";
import { type OutputOptions, withExamples, withOutput } from "../options.ts";
import { print, say } from "../output/print.ts";
import { formatTable } from "../output/table.ts";
import { formatSize } from "../packages/format-size.ts";

interface PackagesOptions extends OutputOptions {
  readonly remove?: readonly string[];
  readonly prune?: true;
}

export function define(command: Command): void {
  withOutput(command)
    .option("--remove <name:tag...>", "take names away; their content stays until --prune")
    .option("--prune", "delete what no name leads to any more, no cluster has or would roll back to, and nobody has used for an hour")
    .description("Lists the local store of packages (OUTRIGGER_PACKAGES, default ~/.local/share/outrigger/packages), an OCI image layout.")
    .action(packages);
  withExamples(command, "packages", "packages -o json", "packages --remove log-collector:1.0.0 --prune");
}

async function packages({ output, remove = [], prune }: PackagesOptions): Promise<void> {
  const { describePackage, familiarName, openStore, packageName } = await import("@outrigger/registry");
  const store = await openStore();
  for (const name of remove) await store.remove(packageName(name));
  if (prune === true) {
    const { clustersFolder, usedDigests } = await import("@outrigger/cluster");
    say(`Freed ${formatSize(await store.prune(undefined, await usedDigests(clustersFolder())))}.`);
  }
  const rows = (await store.list()).map(async ({ name, descriptor }) => {
    const { layer, version, size, signedBy, clusterImage } = await describePackage(store, name);
    return {
      name: familiarName(name),
      layer: layer ?? (clusterImage === undefined ? "" : "cluster image"),
      version: version ?? "",
      digest: descriptor.digest,
      size,
      signedBy,
    };
  });
  const listed = (await Promise.all(rows)).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  await print(output, listed, () =>
    formatTable(
      [
        { title: "name", cell: ({ name }) => name },
        { title: "layer", cell: ({ layer }) => layer },
        { title: "size", cell: ({ size }) => formatSize(size) },
        { title: "digest", cell: ({ digest }) => digest.slice(0, "sha256:".length + 12) },
        { title: "signatures", cell: ({ signedBy }) => (signedBy.length === 0 ? "" : String(signedBy.length)) },
      ],
      listed,
    ),
  );
}
