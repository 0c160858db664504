import type { PhaseName, Problem } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import { placePluginProblem } from "../files/places.ts";
import { targetProblems } from "../files/target-problems.ts";
import { firstMaster, type Host } from "../model/host.ts";
import { type MomentFacts, momentsOf } from "../phases/moments.ts";
import { checkPlugins, type TypedPlugin } from "./check-plugins.ts";
import { labelsOfHosts } from "./host-labels.ts";
import { phaseTargets } from "./phase-targets.ts";
import type { Entry, Plan, Stage, Task } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { digestParts, pluginEntry } from "./plugin-entries.ts";
import { stepEntries } from "./step-entries.ts";
import { type ScriptMaker, scriptMaker } from "./step-scripts.ts";
import { planWarnings } from "./warnings.ts";

/**
 * What an operation does, in order. Pure: the same input gives the same plan.
 *
 * @throws plugins-invalid with every mistake at its place
 * @throws create-script-missing, image-is-application, image-is-cluster, cluster-without-master
 */
export function makePlan(input: PlanInput): Plan {
  const { operation, cluster, image } = input;
  const master0 = firstMaster(cluster.hosts);
  if (master0 === undefined) throw clusterErrors["cluster-without-master"]({ cluster: cluster.name });
  checkImage(input);
  const known = [...cluster.hosts, ...(cluster.formerHosts ?? [])];
  const { typed, problems } = checkPlugins(cluster.plugins, known, input.types);
  const found: Problem[] = [...problems, ...targetProblems(cluster.plugins, known)];
  // What is wrong with data is told instead of making scripts of it.
  if (found.length > 0) throw pluginsInvalid(cluster.name, found);
  const touched = touchedHosts(input);
  const scripts = scriptMaker(input, master0);
  const entriesAt = pluginEntries(input, master0, touched, typed, found);
  const stages = momentsOf(operation).map((facts): Stage => {
    const { moment } = facts;
    return "step" in moment
      ? { step: moment.step, entries: stepEntries(moment.step, { input, touched, scripts }) }
      : { phase: moment.phase, entries: entriesAt({ ...facts, phase: moment.phase }) };
  });
  if (found.length > 0) throw pluginsInvalid(cluster.name, found);
  const joinToken = joinTokenScript(input, touched, scripts);
  const plan = {
    operation,
    cluster: cluster.name,
    image: { reference: image.reference, digest: image.digest },
    rootfs: scripts.rootfs,
    hosts: cluster.hosts,
    touched: touched.map(({ ip }) => ip),
    master0: master0.ip,
    stages,
    disabled: cluster.plugins.filter(({ disabled }) => disabled),
    ...(joinToken === undefined ? {} : { joinToken }),
  };
  return { ...plan, warnings: planWarnings(plan, input) };
}

/**
 * The tasks of a plug-in with scripts on hosts that the Kubernetes API has named once its entry has begun.
 * @param ips of hosts of the cluster
 */
export function lateTasks(input: PlanInput, phase: PhaseName, name: string, ips: readonly string[]): readonly Task[] {
  const master0 = firstMaster(input.cluster.hosts);
  const facts = momentsOf(input.operation).find(({ moment }) => "phase" in moment && moment.phase === phase);
  const plugin = input.cluster.plugins.find((each) => each.name === name);
  if (master0 === undefined || facts === undefined || plugin === undefined) return [];
  const hosts = new Map(input.cluster.hosts.map((host) => [host.ip, host]));
  const place = { input, phase, facts, master0, hosts };
  return pluginEntry(plugin, input.types.get(plugin.type), { hosts: ips, lateSelectors: [] }, place, digestParts()).tasks;
}

function checkImage({ operation, cluster, image }: PlanInput): void {
  const details = { image: image.reference, cluster: cluster.name };
  if (operation === "apps" && image.kind === "cluster") throw clusterErrors["image-is-cluster"](details);
  if (operation !== "apps" && image.kind === "application") throw clusterErrors["image-is-application"](details);
  if (image.kind === "cluster" && !image.scripts.includes("create.sh")) throw clusterErrors["create-script-missing"](details);
}

function touchedHosts({ cluster, touched }: PlanInput): readonly Host[] {
  if (touched === undefined) return cluster.hosts;
  const wanted = new Set(touched);
  return cluster.hosts.filter(({ ip }) => wanted.has(ip));
}

/** What gives the entries of a phase; mistakes of targets are added to `found`. */
function pluginEntries(
  input: PlanInput,
  master0: Host,
  touched: readonly Host[],
  typed: readonly TypedPlugin[],
  found: Problem[],
): (facts: MomentFacts & { readonly phase: PhaseName }) => readonly Entry[] {
  const { cluster } = input;
  const hosts = new Map(cluster.hosts.map((host) => [host.ip, host]));
  const scene = { hosts: cluster.hosts, touched: touched.map(({ ip }) => ip), labelsOf: labelsOfHosts(cluster) };
  const targetsOf = phaseTargets(scene, master0.ip);
  const parts = digestParts();
  return ({ phase, ...facts }) =>
    typed
      .filter(({ plugin }) => plugin.phases.includes(phase))
      .flatMap(({ plugin, type }) => {
        const targets = targetsOf(plugin, type, phase, facts);
        if (!("problem" in targets)) return [pluginEntry(plugin, type, targets, { input, phase, facts, master0, hosts }, parts)];
        found.push(placePluginProblem(plugin, targets.problem));
        return [];
      });
}

function joinTokenScript({ operation }: PlanInput, touched: readonly Host[], scripts: ScriptMaker): Plan["joinToken"] {
  const joins = operation === "join" || (operation === "create" && touched.length > 1);
  return joins && scripts.has("join-token.sh") && scripts.has("join.sh") ? scripts.image("join-token.sh", scripts.master0) : undefined;
}

function pluginsInvalid(cluster: string, problems: readonly Problem[]): Error {
  const count = problems.length === 1 ? "1 mistake" : `${problems.length} mistakes`;
  return clusterErrors["plugins-invalid"]({ cluster, count }, { problems });
}
