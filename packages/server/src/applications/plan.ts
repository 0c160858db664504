import type { ChangeKind, Pod } from "@outrigger/pod";
import type { ComponentPlan, PlanResource } from "../api/resources.ts";
import type { Services } from "../services.ts";

const rank: Readonly<Record<ChangeKind, number>> = { none: 0, hot: 1, restart: 2, recreate: 3 };

/** What running `pods` and removing `gone` would change, against what runs now. */
export async function planPods(
  { runtime }: Pick<Services, "runtime">,
  pods: readonly Pod[],
  existing: ReadonlySet<string>,
  gone: readonly string[] = [],
): Promise<PlanResource> {
  const changed = await Promise.all(
    pods.map(async (pod): Promise<ComponentPlan> => {
      const { kind, changes } = await runtime.plan(pod);
      const action = existing.has(pod.component) ? (kind === "none" ? "none" : "change") : "create";
      return { component: pod.component, action, kind, changes, pod };
    }),
  );
  const removed = gone.map(
    (component): ComponentPlan => ({
      component,
      action: "remove",
      kind: "recreate",
      changes: [{ kind: "recreate", reason: `${component} is removed` }],
    }),
  );
  const components = [...changed, ...removed];
  const kind = components.reduce<ChangeKind>((most, each) => (rank[each.kind] > rank[most] ? each.kind : most), "none");
  return { kind, components };
}
