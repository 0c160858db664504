import type { Clusterfile } from "@outrigger/cluster";
import type { Command } from "commander";
import { collect } from "../options.ts";
import { type HostFlags, hostOptions } from "./changed-hosts.ts";
import { optionsInvalid } from "./options-invalid.ts";

/** A cluster that is yet to be made, as options describe it. */
export interface NewClusterFlags extends HostFlags {
  readonly clusterName?: string;
  readonly cmdArgs?: readonly string[];
}

/** Adds `--name` and `--cmd-args`. */
export function withNewCluster(command: Command): Command {
  return command
    .option("--name, --cluster-name <name>", "the new cluster's name (default: my-cluster)")
    .option("--cmd-args <key=value>", "an argument of the image's commands; can be given several times", collect);
}

/** What stands for a Clusterfile where there is none. @throws options-invalid, with all that is wrong */
export async function newClusterfile(image: string, flags: NewClusterFlags): Promise<Clusterfile> {
  const { clusterfileOfOptions } = await import("@outrigger/cluster");
  const reading = clusterfileOfOptions({
    ...hostOptions(flags),
    image,
    ...(flags.clusterName === undefined ? {} : { name: flags.clusterName }),
    ...(flags.cmdArgs === undefined ? {} : { commandArguments: flags.cmdArgs }),
  });
  if (!reading.ok) throw optionsInvalid(reading.problems);
  return reading.value;
}
