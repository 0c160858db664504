import type { ComponentResource } from "@outrigger/server";
import type { ApplicationApi } from "./api/api.ts";
import { cliErrors } from "./errors.ts";
import type { ProgressNode } from "./output/progress-tree.ts";
import { containerState, containersOf } from "./output/show-application.ts";

export interface WatchOptions {
  readonly application: string;
  readonly components: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly show: (node: ProgressNode) => void;
  /** The user has seen enough. */
  readonly signal: AbortSignal;
}

/** What fails can mend itself while what it needs starts; after this long, or this often, it is taken to be broken. */
const stuckFor = 8000;
const failingStarts = 3;

/** One that ended before may end again: it counts as ready when it has run for so long. */
const steadyAfter = 3000;

/** Waits until every component is ready. @throws components-failing, components-late */
export async function watchApplication(api: ApplicationApi, options: WatchOptions): Promise<readonly ComponentResource[]> {
  const seen = new Map<string, ComponentResource>();
  const stuckSince = new Map<string, number>();
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort("late"), options.timeout);
  const ticker = setInterval(() => {
    if ([...stuckSince.values()].some((since) => Date.now() - since >= stuckFor)) stop.abort("stuck");
    if (options.components.every((name) => isReady(seen.get(name)))) stop.abort("ready");
  }, 250);
  try {
    const events = api.statusStream(options.application, AbortSignal.any([stop.signal, options.signal]));
    for await (const { event, data } of events) {
      if (event !== "status") continue;
      const component = data as ComponentResource;
      seen.set(component.name, component);
      options.show(toNode(component));
      for (const each of seen.values()) note(stuckSince, each, isStuck(each, seen));
      if (isBroken(component)) break;
      if (options.components.every((name) => isReady(seen.get(name)))) return options.components.flatMap((name) => seen.get(name) ?? []);
    }
  } finally {
    clearTimeout(late);
    clearInterval(ticker);
  }
  options.signal.throwIfAborted();
  if (stop.signal.reason === "ready") return options.components.flatMap((name) => seen.get(name) ?? []);
  const waiting = [...seen.values()].filter((component) => !isReady(component));
  if (stop.signal.reason === "late") {
    throw cliErrors["components-late"]({
      application: options.application,
      seconds: options.timeout / 1000,
      reasons: waiting.map(describeFault).join("; ") || "the server says nothing of its components",
    });
  }
  throw await failure(
    api,
    options.application,
    waiting.filter((component) => isStuck(component, seen)),
  );
}

function isReady(component: ComponentResource | undefined): boolean {
  if (component?.status.state !== "ready" || !component.status.upToDate) return false;
  return containersOf(component.status).every(
    ({ restarts, startedAt = "" }) => restarts === 0 || Date.now() - Date.parse(startedAt) >= steadyAfter,
  );
}

function isBroken({ status }: ComponentResource): boolean {
  return status.state === "failing" && containersOf(status).some(({ restarts, ready }) => !ready && restarts >= failingStarts);
}

/** It fails; or something holds it back that is none of the components it waits for: a port in use, an image that is nowhere. */
function isStuck({ spec, status }: ComponentResource, all: ReadonlyMap<string, ComponentResource>): boolean {
  if (status.state === "failing") return true;
  if (status.state !== "waiting" || status.reason === undefined) return false;
  return spec.dependsOn.every(
    (name) =>
      all.get(name)?.status.pods.some(({ containers }) => containers.some(({ role, state }) => role === "app" && state === "running")) ===
      true,
  );
}

function note(stuckSince: Map<string, number>, { name }: ComponentResource, stuck: boolean): void {
  if (!stuck) stuckSince.delete(name);
  else if (!stuckSince.has(name)) stuckSince.set(name, Date.now());
}

async function failure(api: ApplicationApi, application: string, stuck: readonly ComponentResource[]): Promise<Error> {
  const logs = await Promise.all(stuck.map((component) => lastLines(api, component)));
  return cliErrors["components-failing"]({
    application,
    component: stuck[0]?.name ?? "COMPONENT",
    reasons: stuck.map(describeFault).join("; ") || "the server stopped telling how it fares",
    log: logs.flat().join("\n"),
  });
}

function describeFault({ name, status }: ComponentResource): string {
  const containers = containersOf(status).filter(({ ready, reason }) => !ready && reason !== undefined);
  const why = status.reason ?? containers.map((container) => `${container.name}: ${container.reason}`).join(", ");
  return `${name} is ${status.state}${why === "" ? "" : ` (${why.replace(/\.$/, "")})`}`;
}

/** The last lines of the containers that are to blame. */
async function lastLines(api: ApplicationApi, { application, name, status }: ComponentResource): Promise<readonly string[]> {
  const containers = containersOf(status).filter(({ ready, restarts, exitCode }) => !ready && (restarts > 0 || (exitCode ?? 0) !== 0));
  if (containers.length === 0) return [];
  const query = { container: [...new Set(containers.map((container) => container.name))].join(","), tail: 10, follow: false };
  const lines: string[] = [];
  try {
    for await (const { data } of api.logs({ application, component: name }, query, AbortSignal.timeout(3000))) {
      const line = data as { readonly container: string; readonly text: string };
      lines.push(`  ${name}/${line.container} | ${line.text}`);
    }
  } catch (error) {
    lines.push(`  ${name}: its log can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return lines;
}

function toNode({ name, status }: ComponentResource): ProgressNode {
  const settled = status.state === "ready" || status.state === "failing";
  return {
    id: `component ${name} runs`,
    label: name,
    state: status.state,
    busy: !settled,
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    children:
      status.pods.length === 1
        ? status.pods.flatMap(({ containers, state }) => containerNodes(containers, state))
        : status.pods.map((pod) => ({
            id: pod.name,
            label: pod.name,
            state: pod.state,
            busy: pod.state !== "ready" && pod.state !== "failing",
            ...(pod.reason === undefined ? {} : { reason: pod.reason }),
            children: containerNodes(pod.containers, pod.state),
          })),
  };
}

function containerNodes(containers: ReturnType<typeof containersOf>, podState: string): readonly ProgressNode[] {
  return containers.map((container) => {
    const state = containerState(container);
    const fine = state === "done" || state === "ready";
    return {
      id: container.name,
      label: container.name,
      state,
      busy: !fine && podState !== "failing",
      ...(container.reason === undefined || fine ? {} : { reason: container.reason }),
    };
  });
}
