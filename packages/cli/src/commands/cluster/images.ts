import type { Command } from "commander";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";
import { formatTable } from "../../output/table.ts";
import { formatSize } from "../../packages/format-size.ts";

export function define(command: Command): void {
  withOutput(command)
    .description(
      "Lists the cluster images of the local store. `outrigger inspect` shows one, `outrigger packages --remove` takes its name away.",
    )
    .action(images);
  withExamples(command, "cluster images", "cluster images -o json");
}

async function images({ output }: OutputOptions): Promise<void> {
  const { describePackage, familiarName, formatPlatform, openStore } = await import("@outrigger/registry");
  const store = await openStore();
  const rows = (await store.list()).map(async ({ name, descriptor }) => {
    const { clusterImage, platforms, size } = await describePackage(store, name);
    if (clusterImage === undefined) return [];
    const { kind, plugins } = clusterImage;
    return [
      {
        name: familiarName(name),
        kind,
        plugins: plugins.length,
        platforms: platforms.map(formatPlatform),
        size,
        digest: descriptor.digest,
      },
    ];
  });
  const listed = (await Promise.all(rows)).flat().toSorted((one, other) => (one.name < other.name ? -1 : 1));
  await print(output, listed, () =>
    formatTable(
      [
        { title: "name", cell: ({ name }) => name },
        { title: "kind", cell: ({ kind }) => kind },
        { title: "plug-ins", cell: ({ plugins }) => String(plugins) },
        { title: "platforms", cell: ({ platforms }) => platforms.join(", ") },
        { title: "size", cell: ({ size }) => formatSize(size) },
        { title: "digest", cell: ({ digest }) => digest.slice(0, "sha256:".length + 12) },
      ],
      listed,
    ),
  );
}
