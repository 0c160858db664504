import type { CheckedHost } from "@outrigger/cluster";
import { type Command, Option } from "commander";
import { withAccess, withHosts } from "../../cluster/changed-hosts.ts";
import { withCluster } from "../../cluster/cluster-options.ts";
import { hostsText, type LookFlags, lookAtHosts } from "../../cluster/look-at-hosts.ts";
import { withNewCluster } from "../../cluster/new-cluster.ts";
import { type PlanFlags, type PlannedOperations, planOperations } from "../../cluster/planned-operations.ts";
import { collect, type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";
import { withRegistry } from "../../packages/registry-options.ts";

interface PlanOptions extends PlanFlags, LookFlags, OutputOptions {
  readonly scripts?: true;
  readonly check?: true;
}

export function define(command: Command): void {
  withOutput(
    withRegistry(
      withCluster(
        withNewCluster(withAccess(withHosts(command.argument("[image]", "an image instead of a Clusterfile"), "of a new cluster"))),
      ),
    ),
  )
    .option("-f, --file <file>", "the Clusterfile (default: Clusterfile)")
    .addOption(new Option("--operation <name>", "plan this for a cluster that is there").choices(["delete", "rollback"]))
    .option("-v, --scripts", "show what would run on the hosts, rendered")
    .option("--check", "connect to the hosts, show their facts and what would refuse; changes nothing there")
    .option("--plugins <folder>", "plug-ins beside those of image and Clusterfile: a folder of Plugin documents, or one file")
    .option(
      "--grant <plug-in>",
      "let a plug-in of the image or of a package do what it wants on this machine; can be given several times",
      collect,
    )
    .option(
      "-p, --password [source]",
      "the hosts' SSH password, for --check: asked for, or file:PATH, or env:NAME; never the password itself",
    )
    .option("--strict-host-keys", "with --check, refuse hosts whose key is not known")
    .description(
      "Says what would be done to a cluster: first what differs from what it is, then every moment in order, with the plug-ins, where they come from and the\n" +
        "hosts they mean. With a Clusterfile what `cluster apply` would do, with an image what `cluster run` or `cluster upgrade` would. No host is asked\n" +
        "without --check.",
    )
    .action(plan);
  withExamples(
    command,
    "cluster plan -f Clusterfile",
    "cluster plan -f Clusterfile --check -o json",
    "cluster plan tiny:1 --name test -m 10.0.0.1 -n 10.0.0.2-10.0.0.9 --scripts",
    "cluster plan tiny:2 -c test",
    "cluster plan --operation delete -c test",
  );
}

async function plan(image: string | undefined, options: PlanOptions): Promise<void> {
  const { planDocument } = await import("@outrigger/cluster");
  const planned = await planOperations(image, options);
  try {
    const hosts = options.check === true && planned.plans.length > 0 ? await lookAtHosts(planned, options) : undefined;
    const { cluster, changes, plans } = planned;
    const value = {
      cluster,
      ...(changes === undefined ? {} : { changes }),
      plans: plans.map(planDocument),
      ...(hosts === undefined ? {} : { hosts }),
    };
    const text = await plansText(planned, hosts, options.scripts === true);
    await print(options.output, value, () => text);
    if (hosts?.some(({ refusals }) => refusals.length > 0)) process.exitCode = 1;
  } finally {
    await planned.close();
  }
}

async function plansText(
  { cluster, changes, plans }: PlannedOperations,
  hosts: readonly CheckedHost[] | undefined,
  scripts: boolean,
): Promise<string> {
  const { formatChanges, formatPlan } = await import("@outrigger/cluster");
  const differing = changes === undefined ? [] : formatChanges(changes);
  const head = differing.length === 0 ? [] : [`What differs:\n${differing.map((line) => `  ${line}`).join("\n")}`];
  const idle = plans.length === 0 ? [differing.length === 0 ? `${cluster} is as it is wanted: nothing to do.` : "Nothing to do now."] : [];
  return [...head, ...plans.map((each) => formatPlan(each, { scripts })), ...idle, ...(hosts === undefined ? [] : [hostsText(hosts)])].join(
    "\n\n",
  );
}
