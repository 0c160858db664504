import type { PodKey } from "@outrigger/pod";
import type { PodStatus } from "@outrigger/runtime";
import type { PodTraffic, TrafficResource } from "../api/traffic-resources.ts";
import { podSpecOf } from "../applications/desired.ts";
import { serverErrors } from "../errors.ts";
import type { Services } from "../services.ts";
import { installedVersions } from "../store/installations.ts";
import type { AgentPort, AgentReport } from "./agent-report.ts";
import { askAgent } from "./ask-agent.ts";
import { mergePorts, plainPort } from "./merge-ports.ts";

interface Watcher {
  readonly plugin: string;
  readonly version: string;
  /** Where it serves its figures. */
  readonly port: number;
}

/** The figures of a component's pods, and of all together. @throws traffic-unwatched */
export async function readTraffic(
  { db, runtime }: Pick<Services, "db" | "runtime">,
  key: PodKey,
  window: number,
  series: number,
): Promise<TrafficResource> {
  const watcher = await watcherOf(db, key);
  const asked = await Promise.all(
    runtime.statuses(key).map(async (status) => ({ status, answer: await ask(status, watcher, window, series) })),
  );
  const pods = asked.map(({ status, answer }): PodTraffic => {
    const { name, replica } = status;
    if (typeof answer === "string") return { name, replica, problem: answer, ports: [] };
    const problem = problemOf(answer);
    return { name, replica, ...(problem === undefined ? {} : { problem }), ports: answer.ports.map(plainPort) };
  });
  const ports = mergePorts(asked.map(({ answer }): readonly AgentPort[] => (typeof answer === "string" ? [] : answer.ports)));
  return { plugin: `${watcher.plugin}@${watcher.version}`, window, ports, pods };
}

/** The first performance plug-in that serves figures. */
async function watcherOf(db: Services["db"], key: PodKey): Promise<Watcher> {
  const installed = await installedVersions(db, key.team, key.application, key.component);
  const watchers = installed.flatMap(({ plugin, version, enabled, manifest }) => {
    const { type, metrics } = podSpecOf(manifest, plugin).pod;
    return type === "performance" && metrics !== undefined ? [{ plugin, version, port: metrics, enabled: enabled === 1 }] : [];
  });
  const watcher = watchers.find(({ enabled }) => enabled);
  if (watcher !== undefined) return watcher;
  const target = `${key.application}/${key.component}`;
  const [off] = watchers;
  if (off !== undefined) throw serverErrors["traffic-switched-off"]({ target, plugin: off.plugin });
  throw serverErrors["traffic-unwatched"]({ target });
}

/** What the pod's plug-in says, or why it says nothing. */
async function ask(
  { ip, containers }: PodStatus,
  { plugin, port }: Watcher,
  window: number,
  series: number,
): Promise<AgentReport | string> {
  const container = containers.find((each) => each.plugin?.split("@")[0] === plugin);
  if (container === undefined) return `${plugin} has not been started in this pod yet`;
  if (container.state !== "running" || ip === undefined) return `${plugin} does not run: ${container.reason ?? container.state}`;
  return askAgent({ ip, port }, window, series).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
}

function problemOf({ capture, settings }: AgentReport): string | undefined {
  if (capture.problem !== undefined) return capture.problem;
  if (settings.problem !== undefined) return `its settings: ${settings.problem}`;
  if (!settings.fetched) return "it has not got its settings yet";
  return capture.dropped > 0 ? `${capture.dropped} packets were not seen since it started, so its figures are too low` : undefined;
}
