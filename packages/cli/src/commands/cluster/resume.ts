import type { FrozenRun, Resumption } from "@outrigger/cluster";
import type { Command } from "commander";
import { tellEnding } from "../../cluster/apply-wish.ts";
import { type ClusterOptions, type RunFlags, wantedFolder, withCluster, withRun } from "../../cluster/cluster-options.ts";
import { openFrozen } from "../../cluster/open-cluster.ts";
import { openOperator } from "../../cluster/operator.ts";
import { plannedAnew } from "../../cluster/planned-anew.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface ResumeOptions extends RunFlags, ClusterOptions {
  readonly abandon?: true;
  readonly file?: string;
}

export function define(command: Command): void {
  withRun(withCluster(command.argument("[cluster]", "the cluster (default: the only one)")))
    .option("-f, --file <file>", "plan anew from this Clusterfile: what is done and would be done the same way again is not done again")
    .option("--plugins <folder>", "with -f: plug-ins beside those of image and Clusterfile")
    .option("--abandon", "leave the open run as it is instead, so that something else can be done with the cluster")
    .description(
      "Goes on with the run that failed, was cancelled or was killed: what is done is not done again, and scripts that still run on hosts are waited for.",
    )
    .action(resume);
  withExamples(command, "cluster resume", "cluster resume test -f Clusterfile", "cluster resume test --abandon");
}

async function resume(name: string | undefined, options: ResumeOptions): Promise<void> {
  const { abandonRun, resumeRun } = await import("@outrigger/cluster");
  const folder = await wantedFolder(options, name ?? options.cluster);
  if (options.abandon === true) return say(`The run ${await abandonRun(folder)} is abandoned; what it has done on the hosts stays.`);
  const operator = await openOperator(folder, options);
  let close: (() => Promise<void>) | undefined;
  try {
    const finished = await resumeRun(operator, async (frozen: FrozenRun): Promise<Resumption> => {
      if (options.file !== undefined) {
        const anew = await plannedAnew(folder, frozen, options.file, options);
        close = anew.close;
        return anew.resumption;
      }
      const parts = await openFrozen(frozen, options);
      close = parts.close;
      return { parts };
    });
    operator.close();
    await tellEnding(finished);
  } finally {
    operator.close();
    await close?.();
  }
}
