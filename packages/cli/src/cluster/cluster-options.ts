import type { ClusterFolder } from "@outrigger/cluster";
import { type Command, Option } from "commander";
import { cliErrors } from "../errors.ts";
import { collect, wholeNumber } from "../options.ts";
import { withRegistry } from "../packages/registry-options.ts";
import type { OpenFlags } from "./open-cluster.ts";

/** Where clusters are kept. */
export interface ClustersOptions {
  readonly clusters?: string;
}

/** Which cluster a command means. */
export interface ClusterOptions extends ClustersOptions {
  readonly cluster?: string;
}

/** How a run is carried out and shown. */
export interface RunFlags extends OpenFlags {
  readonly password?: string | true;
  readonly parallel: number;
  /** In seconds. */
  readonly patience: number;
  readonly strictHostKeys?: true;
  readonly verbose?: true;
  readonly output: "text" | "json";
}

/** Adds `--clusters`. */
export function withClusters(command: Command): Command {
  return command.addOption(
    new Option("--clusters <folder>", "where clusters are kept (default: clusters in the user's data folder)").env("OUTRIGGER_CLUSTERS"),
  );
}

/** Adds `-c` and what {@link withClusters} adds. */
export function withCluster(command: Command): Command {
  return withClusters(command.option("-c, --cluster <name>", "the cluster (default: the only one)"));
}

/** Adds what every command has that does something on hosts. */
export function withRun(command: Command): Command {
  return withRegistry(
    command
      .option("-p, --password [source]", "the hosts' SSH password: asked for, or file:PATH, or env:NAME; never the password itself")
      .option("--parallel <hosts>", "how many hosts at once", wholeNumber(1), 10)
      .option("--patience <seconds>", "how long a host that drops out is waited for", wholeNumber(0), 300)
      .option("--strict-host-keys", "refuse hosts whose key is not known, instead of trusting it at first use")
      .option(
        "--grant <plug-in>",
        "let a plug-in of the image or of a package do what it wants on this machine; can be given several times",
        collect,
      )
      .option("-v, --verbose", "print what scripts and plug-ins print, line by line, also on a terminal")
      .addOption(
        new Option("-o, --output <format>", "how to tell what happens: text, or the journal's events as JSON lines")
          .choices(["text", "json"])
          .default("text"),
      ),
  );
}

export async function clustersRoot({ clusters }: ClustersOptions): Promise<string> {
  const { clustersFolder } = await import("@outrigger/cluster");
  return clusters ?? clustersFolder();
}

/** The cluster that is named, by an argument or by `-c`, or the only one. @throws cluster-name-invalid, cluster-not-named */
export async function wantedFolder(options: ClusterOptions, name: string | undefined = options.cluster): Promise<ClusterFolder> {
  const { clusterFolder, clusterNames } = await import("@outrigger/cluster");
  const root = await clustersRoot(options);
  if (name !== undefined) return clusterFolder(root, name);
  const known = await clusterNames(root);
  const [only] = known;
  if (only !== undefined && known.length === 1) return clusterFolder(root, only);
  throw cliErrors["cluster-not-named"]({ known: known.length === 0 ? `none is known in ${root}` : `there are ${known.join(", ")}` });
}
