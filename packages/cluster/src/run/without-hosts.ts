import type { Plan } from "../plan/plan.ts";

/**
 * A plan for a cluster of which some hosts are out of reach: nothing is done on them, but the first master still lets them leave. Their own clean-up
 * is left to whoever finds them again.
 */
export function withoutHosts(plan: Plan, away: ReadonlySet<string>): Plan {
  return {
    ...plan,
    stages: plan.stages.map((stage) => ({
      ...stage,
      entries: stage.entries
        .map((entry) => {
          const tasks = entry.tasks.filter(({ host }) => !away.has(host));
          return "plugin" in entry ? { ...entry, tasks, hosts: entry.hosts.filter((ip) => !away.has(ip)) } : { ...entry, tasks };
        })
        .filter((entry) => entry.tasks.length > 0 || ("plugin" in entry && entry.lateSelectors.length > 0)),
    })),
  };
}
