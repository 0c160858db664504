import type { ClusterStatus } from "@outrigger/cluster";
import type { Command } from "commander";
import { type ClustersOptions, clustersRoot, wantedFolder, withClusters } from "../../cluster/cluster-options.ts";
import { pluginRows } from "../../cluster/plugin-rows.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { paint } from "../../output/paint.ts";
import { print } from "../../output/print.ts";
import { ageOf, formatFields, formatTable } from "../../output/table.ts";

export function define(command: Command): void {
  withOutput(withClusters(command.argument("[cluster]", "a cluster (default: all that are known)")))
    .description(
      "Shows what is known of clusters here: hosts, image, plug-ins and how they last fared, and the run that is open. Asks no host.",
    )
    .action(status);
  withExamples(command, "cluster status", "cluster status test", "cluster status test -o json", "cluster status test -o yaml");
}

async function status(name: string | undefined, options: ClustersOptions & OutputOptions): Promise<void> {
  const { clusterFolder, clusterNames, clusterStatus, formatClusterfile, requireState } = await import("@outrigger/cluster");
  if (options.output === "yaml") {
    const { clusterfile } = await requireState(await wantedFolder(options, name));
    process.stdout.write(formatClusterfile(clusterfile));
    return;
  }
  const root = await clustersRoot(options);
  const names = name === undefined ? await clusterNames(root) : [name];
  const found = await Promise.all(names.map((each) => clusterStatus(clusterFolder(root, each))));
  const shown = found.map(documentOf);
  await print(options.output, name === undefined ? shown : shown[0], () =>
    found.length === 0 ? "No clusters are known." : found.map(statusText).join("\n\n"),
  );
}

/** A stable shape; fields are only ever added. */
function documentOf({ cluster, state, plugins, open }: ClusterStatus): Readonly<Record<string, unknown>> {
  return {
    cluster,
    ...(state === undefined
      ? {}
      : {
          image: state.image,
          earlier: state.earlier,
          applications: state.applications,
          hosts: state.cluster.hosts.map(({ ip, roles, labels }) => ({ ip, roles, labels })),
          changed: state.changed,
        }),
    plugins,
    ...(open === undefined ? {} : { open }),
  };
}

function statusText({ cluster, state, plugins, open }: ClusterStatus): string {
  const parts = [
    formatFields([
      ["cluster", paint("bold", cluster)],
      ["image", state?.image.reference],
      ["before", state?.earlier.at(-1)?.reference],
      ["applications", state?.applications.map(({ reference }) => reference).join(", ")],
      ["changed", state === undefined ? undefined : `${ageOf(state.changed)} ago`],
      ["open run", open === undefined ? undefined : openText(cluster, open)],
    ]),
  ];
  if (state !== undefined) {
    parts.push(
      formatTable(
        [
          { title: "host", cell: ({ ip }) => ip },
          { title: "roles", cell: ({ roles }) => roles.join(", ") },
          {
            title: "labels",
            cell: ({ labels }) =>
              Object.entries(labels)
                .map(([key, value]) => `${key}=${value}`)
                .join(", "),
          },
        ],
        state.cluster.hosts,
      ),
    );
    if (plugins.length > 0) parts.push(pluginRows(plugins));
  }
  return parts.join("\n\n");
}

function openText(cluster: string, { run, operation, isRunning, reason }: NonNullable<ClusterStatus["open"]>): string {
  if (isRunning) return `${run} (${operation}), under way`;
  const why = reason === undefined ? "" : ` ${reason.replace(/\.?$/, ".")}`;
  return `${run} (${operation}) is not through.${why} \`outrigger cluster resume ${cluster}\` goes on with it.`;
}
