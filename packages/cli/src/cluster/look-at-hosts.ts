import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckedHost, HostFacts, Plan } from "@outrigger/cluster";
import { formatTable } from "../output/table.ts";
import { type ClustersOptions, wantedFolder } from "./cluster-options.ts";
import { openOperator } from "./operator.ts";
import type { PlannedOperations } from "./planned-operations.ts";

export interface LookFlags extends ClustersOptions {
  readonly password?: string | true;
  readonly strictHostKeys?: true;
}

/** Connects to all hosts that the plans do. Host keys that are trusted now are forgotten again: a plan changes nothing, here neither. */
export async function lookAtHosts({ cluster, plans, image }: PlannedOperations, flags: LookFlags): Promise<readonly CheckedHost[]> {
  const { checkHosts } = await import("@outrigger/cluster");
  const folder = await wantedFolder(flags, cluster);
  const temporary = await mkdtemp(join(tmpdir(), "outrigger-plan-"));
  const knownHosts = join(temporary, "known_hosts");
  await copyFile(folder.knownHosts, knownHosts).catch(() => {});
  const operator = await openOperator({ ...folder, knownHosts }, { ...flags, parallel: 1, patience: 30, output: "text", verbose: true });
  const hosts = new Map(plans.flatMap((plan) => plan.hosts).map((host) => [host.ip, host]));
  const connections = operator.connect([...hosts.values()]);
  try {
    return await checkHosts(cluster, [...new Set(plans.flatMap(connected))], image.platforms, connections);
  } finally {
    await connections.close();
    operator.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

function connected({ stages }: Plan): readonly string[] {
  return stages.flatMap((stage) =>
    "step" in stage && stage.step === "connect" ? stage.entries.flatMap(({ tasks }) => tasks.map(({ host }) => host)) : [],
  );
}

/** A table of facts, then what would refuse. */
export function hostsText(checked: readonly CheckedHost[]): string {
  const fact = (read: (facts: HostFacts) => string): ((host: CheckedHost) => string) => {
    return ({ facts }) => (facts === undefined ? "-" : read(facts));
  };
  const table = formatTable<CheckedHost>(
    [
      { title: "host", cell: ({ ip }) => ip },
      { title: "name", cell: fact(({ hostname }) => hostname) },
      { title: "system", cell: fact(({ system }) => system) },
      { title: "machine", cell: fact(({ architecture }) => architecture) },
      { title: "kernel", cell: fact(({ kernel }) => kernel) },
      { title: "memory", cell: fact(({ memoryBytes }) => gibibytes(memoryBytes)) },
      { title: "room", cell: fact(({ freeBytes }) => gibibytes(freeBytes)) },
      { title: "as", cell: fact(({ root }) => (root ? "root" : "sudo")) },
    ],
    checked,
  );
  const lines = checked.flatMap(({ ip, refusals, warnings }) => [
    ...refusals.map((text) => `${ip} refuses: ${text}`),
    ...warnings.map((text) => `warning: ${ip}: ${text}`),
  ]);
  return [table, ...lines].join("\n");
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
