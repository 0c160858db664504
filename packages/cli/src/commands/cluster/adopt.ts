import { constants } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "@outrigger/cluster";
import type { Command } from "commander";
import { type HostFlags, hostOptions, withAccess } from "../../cluster/changed-hosts.ts";
import { type ClusterOptions, clustersRoot, type RunFlags, withCluster, withRun } from "../../cluster/cluster-options.ts";
import { openOperator } from "../../cluster/operator.ts";
import { optionsInvalid } from "../../cluster/options-invalid.ts";
import { cliErrors } from "../../errors.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

export function define(command: Command): void {
  withRun(withCluster(withAccess(command.argument("<ip>", "a master of the cluster"))))
    .description("Takes a cluster's state from one of its masters, where the one here is lost, or is on another machine.")
    .action(adopt);
  withExamples(command, "cluster adopt 10.0.0.1", "cluster adopt 10.0.0.1 -c test -u admin -p file:password");
}

async function adopt(ip: string, options: RunFlags & HostFlags & ClusterOptions): Promise<void> {
  const { adoptCluster, clusterFolder, clustersOnMaster, hostsOfOptions } = await import("@outrigger/cluster");
  const reading = hostsOfOptions(hostOptions({ ...options, masters: ip }));
  if (!reading.ok) throw optionsInvalid(reading.problems);
  const [host] = reading.value as readonly [Host];
  const root = await clustersRoot(options);
  // Which cluster it is shows once the host is asked: until then its key has a place of its own.
  const temporary = await mkdtemp(join(tmpdir(), "outrigger-adopt-"));
  const place = clusterFolder(root, options.cluster ?? "unknown");
  const operator = await openOperator({ ...place, knownHosts: join(temporary, "known_hosts") }, options);
  const connections = operator.connect([host]);
  try {
    const master = await connections.get(host.ip);
    const names = options.cluster === undefined ? await clustersOnMaster(master) : [options.cluster];
    const [name] = names;
    if (name === undefined || names.length > 1)
      throw cliErrors["cluster-not-named"]({ known: names.length === 0 ? `${ip} keeps none` : `there are ${names.join(", ")}` });
    const { cluster, image } = await adoptCluster(root, name, master);
    await copyFile(join(temporary, "known_hosts"), clusterFolder(root, name).knownHosts, constants.COPYFILE_EXCL).catch(() => {});
    say(`${name} is known here now: ${cluster.hosts.length} hosts, ${image.reference}.`);
  } finally {
    await connections.close();
    operator.close();
    await rm(temporary, { recursive: true, force: true });
  }
}
