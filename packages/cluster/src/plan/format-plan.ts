import { usualRules } from "../model/cluster-plugin.ts";
import { formatOrigins } from "../model/origin.ts";
import { formatRanges } from "./host-ranges.ts";
import type { Entry, Plan, PluginEntry, Stage, Task } from "./plan.ts";

/** The text of a plan for people. @param options.scripts shows what runs on the hosts, with its variables */
export function formatPlan(plan: Plan, options: { readonly scripts: boolean }): string {
  const { operation, cluster, image, hosts, touched, master0 } = plan;
  const lines = [
    `${operation} ${cluster} with ${image.reference} (${image.digest.slice(0, 19)})`,
    `hosts: ${touched.length === hosts.length ? "all" : touched.length} of ${hosts.length}: ${formatRanges(touched) || "none"}; master0 is ${master0}`,
    ...plan.warnings.map((warning) => `warning: ${warning}`),
    "",
    ...plan.stages.flatMap((stage, index) => stageLines(stage, index + 1, options.scripts)),
  ];
  if (plan.disabled.length > 0) lines.push("", "switched off:");
  for (const plugin of plan.disabled) lines.push(`  ${plugin.name} (${plugin.type}, ${formatOrigins(plugin)})`);
  return lines.join("\n");
}

function stageLines(stage: Stage, number: number, scripts: boolean): readonly string[] {
  const title = "phase" in stage ? `phase ${stage.phase}` : stage.step;
  const head = `${String(number).padStart(2)}  ${title}`;
  if (stage.entries.length === 0) return [`${head}: nothing`];
  return [head, ...stage.entries.flatMap((entry) => entryLines(entry, scripts))];
}

function entryLines(entry: Entry, scripts: boolean): readonly string[] {
  const text = "plugin" in entry ? pluginText(entry) : `${oneLine(entry.name)}: ${tasksPlace(entry.tasks)}${ruleText(entry.parallel, [])}`;
  return [`      ${text}`, ...(scripts ? scriptLines(entry.tasks) : [])];
}

function pluginText({ plugin, hosts, lateSelectors, tasks, parallel }: PluginEntry): string {
  const { name, type } = plugin;
  const late = lateSelectors.map((selector) => `nodes labelled ${selector} when it begins`);
  const places = [...(hosts.length === 0 ? [] : [formatRanges(hosts)]), ...late];
  const where = places.length === 0 ? "nothing to do: its targets are none of this operation's hosts" : places.join(", and ");
  const idle = places.length > 0 && tasks.length === 0 && late.length === 0 ? "; it has nothing to do there" : "";
  return `${name} (${type}, ${formatOrigins(plugin)}): ${where}${idle}${ruleText(parallel, unusualRules(plugin))}`;
}

/** What differs from what every plug-in does unless told. */
function unusualRules({ timeout, retries, onFailure, run, strict }: PluginEntry["plugin"]): readonly string[] {
  return [
    ...(timeout === usualRules.timeout ? [] : [`at most ${timeout} s`]),
    ...(retries === usualRules.retries ? [] : [`${retries} ${retries === 1 ? "retry" : "retries"}`]),
    ...(onFailure === usualRules.onFailure ? [] : [`on failure ${onFailure}`]),
    ...(run === usualRules.run ? [] : [run === "once" ? "once" : "when changed"]),
    ...(strict ? [] : ["not strict"]),
  ];
}

function ruleText(parallel: number | undefined, rules: readonly string[]): string {
  const all = [...(parallel === undefined ? [] : [parallel === 1 ? "one after the other" : `${parallel} at a time`]), ...rules];
  return all.length === 0 ? "" : ` [${all.join(", ")}]`;
}

function tasksPlace(tasks: readonly Task[]): string {
  const ips = [...new Set(tasks.map(({ host }) => host).filter((host) => host !== "-"))];
  const leaving = tasks.filter(({ id }) => id.startsWith("leave:")).map(({ id }) => id.slice(id.lastIndexOf("/") + 1));
  const place = ips.length === 0 ? "here" : formatRanges(ips);
  return leaving.length === 0 ? place : `${place} for ${formatRanges(leaving)}`;
}

/** Scripts that are alike on several hosts are shown once. */
function scriptLines(tasks: readonly Task[]): readonly string[] {
  const alike = Map.groupBy(
    tasks.filter(({ script }) => script !== undefined),
    ({ script }) => `${script?.workingDirectory ?? ""}\n${script?.text ?? ""}`,
  );
  return [...alike.values()].flatMap((group) => {
    const script = group[0]?.script;
    if (script === undefined) return [];
    const several = alike.size > 1 ? [`# on ${formatRanges([...new Set(group.map(({ host }) => host))])}`] : [];
    const folder = script.workingDirectory === undefined ? [] : [`cd ${script.workingDirectory}`];
    const variables = group.length === 1 ? Object.entries(script.env).map(([name, value]) => `${name}=${JSON.stringify(value)}`) : [];
    return [...several, ...variables, ...folder, ...script.text.trimEnd().split("\n")].map((line) => `        | ${line}`);
  });
}

function oneLine(text: string): string {
  const [first = "", ...more] = text.trim().split("\n");
  return more.length === 0 ? first : `${first} ...`;
}
