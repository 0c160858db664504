import type { ComponentResource, PlanResource } from "@outrigger/server";
import { paint, stateStyle } from "./paint.ts";
import { type Column, formatTable } from "./table.ts";

const columns: readonly Column<ComponentResource>[] = [
  { title: "component", cell: ({ name }) => name },
  { title: "state", cell: ({ status }) => paint(stateStyle(status.state), status.state) },
  { title: "pods", cell: ({ status }) => `${status.pods.filter(({ state }) => state === "ready").length}/${status.pods.length}` },
  { title: "ready", cell: ({ status }) => `${containersOf(status).filter(isFine).length}/${containersOf(status).length}` },
  { title: "restarts", cell: ({ status }) => String(containersOf(status).reduce((sum, { restarts }) => sum + restarts, 0)) },
  { title: "plug-ins", cell: ({ installations }) => installations.map(({ plugin, version }) => `${plugin}@${version}`).join(", ") },
  { title: "reason", cell: ({ status }) => status.reason ?? "" },
];

/** One line for each component. */
export function componentTable(components: readonly ComponentResource[]): string {
  return formatTable(columns, components);
}

/** The addresses at which published ports answer, as `web  http://127.0.0.1:18080`. */
export function publishedUrls(components: readonly ComponentResource[]): readonly string[] {
  return components.flatMap(({ name, spec }) =>
    spec.ports.flatMap(({ protocol, publish }) => {
      if (publish === undefined) return [];
      const host = publish.address === "0.0.0.0" || publish.address === "::" ? "127.0.0.1" : publish.address;
      return [`${name}  ${protocol}://${host.includes(":") ? `[${host}]` : host}:${publish.port}`];
    }),
  );
}

/** What a write would do, for people. */
export function planText(plan: PlanResource): string {
  if (plan.components.every(({ action }) => action === "none")) return "Nothing would change.";
  return plan.components
    .flatMap(({ component, action, kind, changes, pod }) => [
      `${paint("bold", component)}: ${action === "none" ? "nothing changes" : action === "change" ? kindText[kind] : `${action}d`}`,
      ...changes.map((change) => `  - ${change.reason}`),
      ...(action === "none" ? [] : (pod?.exports ?? []).map(exportText)),
    ])
    .join("\n");
}

/** What the app gets from a plug-in. */
function exportText({ plugin, env, mounts }: NonNullable<PlanResource["components"][number]["pod"]>["exports"][number]): string {
  return `  - the app gets from ${plugin}: ${[...env, ...mounts].join(", ")}`;
}

const kindText: Readonly<Record<PlanResource["kind"], string>> = {
  none: "changed without effect on what runs",
  hot: "changed while it runs",
  restart: "some containers are restarted",
  recreate: "the pod is made anew",
};

type Status = ComponentResource["status"];
type Container = Status["pods"][number]["containers"][number];

/** The containers of all pods of a component. */
export function containersOf({ pods }: Status): readonly Container[] {
  return pods.flatMap(({ containers }) => containers);
}

/** `done` for an init container that ended well, `ready`, else what the engine says. */
export function containerState({ ready, role, exitCode, state }: Container): string {
  if (role === "init" && exitCode === 0) return "done";
  return ready ? "ready" : state;
}

function isFine(container: Container): boolean {
  return ["done", "ready"].includes(containerState(container));
}
