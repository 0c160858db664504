import type { ClusterFolder, Clusterfile, ClusterState, Host, HostOptions } from "@outrigger/cluster";
import type { Command } from "commander";
import { collect, wholeNumber } from "../options.ts";
import { optionsInvalid } from "./options-invalid.ts";

/** Options that name hosts and how they are reached. */
export interface HostFlags {
  readonly masters?: string;
  readonly nodes?: string;
  readonly user?: string;
  readonly port?: number;
  readonly pk?: string;
  readonly env?: readonly string[];
}

/** Adds `-m` and `-n`. */
export function withHosts(command: Command, what: string): Command {
  return command
    .option("-m, --masters <ips>", `masters ${what}: addresses and ranges (10.0.0.1-10.0.0.3), with commas between them`)
    .option("-n, --nodes <ips>", `nodes ${what}, written alike`);
}

/** Adds how new hosts are reached. */
export function withAccess(command: Command): Command {
  return command
    .option("-u, --user <name>", "the SSH user (default: root)")
    .option("--port <number>", "the SSH port (default: 22)", wholeNumber(1))
    .option("--pk <file>", "a private key (default: the agent's, then those in ~/.ssh)")
    .option("-e, --env <key=value>", "a variable of the hosts; can be given several times", collect);
}

export function hostOptions({ masters, nodes, user, port, pk, env }: HostFlags): HostOptions {
  return {
    ...(masters === undefined ? {} : { masters }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(pk === undefined ? {} : { key: pk }),
    ...(env === undefined ? {} : { env }),
  };
}

/** The hosts that the options name, reached like the cluster's first host where they don't say. @throws manifest-invalid */
export async function namedHosts(flags: HostFlags, state: ClusterState): Promise<readonly Host[]> {
  const { hostsOfOptions } = await import("@outrigger/cluster");
  const reading = hostsOfOptions(hostOptions(flags), state.clusterfile.hosts[0]?.ssh);
  if (!reading.ok) throw optionsInvalid(reading.problems);
  return reading.value;
}

/** A known cluster's Clusterfile with other hosts. */
export function withHostsOf({ clusterfile }: ClusterState, hosts: readonly Host[]): Clusterfile {
  return { ...clusterfile, hosts };
}

/** @throws cluster-unknown */
export async function knownState(folder: ClusterFolder): Promise<ClusterState> {
  const { requireState } = await import("@outrigger/cluster");
  return requireState(folder);
}
