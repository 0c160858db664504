import type { InstallationStatus } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import { formatOrigin, formatOrigins } from "../model/origin.ts";
import type { TaskRecord } from "../run/run-record.ts";
import { openRun, type PastRun, readRun, runNames } from "../run/runs.ts";
import type { ClusterFolder } from "./cluster-folder.ts";
import { isLocked } from "./cluster-lock.ts";
import { type ClusterState, readState } from "./cluster-state.ts";

/** How one plug-in fares: how it ended when it was last run. */
export interface ClusterPluginStatus extends InstallationStatus {
  readonly type: string;
  readonly origin: string;
  /** What it builds on, of a registry or the local store. */
  readonly package?: { readonly reference: string; readonly digest: string };
  readonly phases: readonly string[];
  /** Absent: it has not run yet. */
  readonly last?: { readonly run: string; readonly phase: string; readonly time: string };
}

export interface ClusterStatus {
  readonly cluster: string;
  /** Absent: it is not up; its creation is open, or it was deleted. */
  readonly state?: ClusterState;
  readonly plugins: readonly ClusterPluginStatus[];
  /** The run that is under way, or that must be resumed or abandoned. */
  readonly open?: { readonly run: string; readonly operation: string; readonly isRunning: boolean; readonly reason?: string };
}

/** So many runs are looked through for how plug-ins fared last. */
const lookedThrough = 50;

/** What is known of a cluster here; no host is asked. @throws cluster-unknown */
export async function clusterStatus(folder: ClusterFolder): Promise<ClusterStatus> {
  const [state, open] = [await readState(folder), await openRun(folder)];
  if (state === undefined && open === undefined) throw clusterErrors["cluster-unknown"]({ cluster: folder.cluster });
  const isRunning = isLocked(folder);
  const first = open?.records[0];
  const reason = open?.record.ending?.reason;
  return {
    cluster: folder.cluster,
    ...(state === undefined ? {} : { state }),
    plugins: state === undefined ? [] : await pluginStatuses(folder, state, open, isRunning),
    ...(open === undefined
      ? {}
      : {
          open: {
            run: open.folder.run,
            operation: first?.event === "run-started" ? first.operation : "",
            isRunning,
            ...(reason === undefined ? {} : { reason }),
          },
        }),
  };
}

async function pluginStatuses(
  folder: ClusterFolder,
  { cluster, image }: ClusterState,
  open: PastRun | undefined,
  isRunning: boolean,
): Promise<readonly ClusterPluginStatus[]> {
  const last = await lastRuns(folder, new Set(cluster.plugins.map(({ name }) => name)));
  return cluster.plugins.map((plugin): ClusterPluginStatus => {
    const { name, type, origin, base, phases, disabled } = plugin;
    const found = last.get(name);
    const failed = found?.tasks.filter(({ result }) => result === "failed" || result === "lost") ?? [];
    const isStarting = isRunning && found?.run === open?.folder.run && found?.tasks.some(({ result }) => result === "open") === true;
    return {
      plugin: name,
      version: base?.from === "package" ? base.package : origin.from === "image" ? image.reference : formatOrigin(origin),
      target: cluster.name,
      type,
      origin: formatOrigins(plugin),
      ...(base?.from === "package" ? { package: { reference: base.package, digest: base.digest } } : {}),
      phases,
      state: disabled
        ? "disabled"
        : isStarting
          ? "starting"
          : found === undefined
            ? "installed"
            : failed.length > 0
              ? "failing"
              : "healthy",
      failures: Math.max(0, ...failed.map(({ attempts }) => attempts)),
      ...(failed[0] === undefined ? {} : { reason: `${failed[0].task}: ${failed[0].reason ?? ""}` }),
      ...(found === undefined ? {} : { last: { run: found.run, phase: found.phase, time: found.time } }),
    };
  });
}

interface LastRun {
  readonly run: string;
  readonly phase: string;
  readonly time: string;
  /** Of the last phase at which it ran. */
  readonly tasks: readonly TaskRecord[];
}

async function lastRuns(folder: ClusterFolder, wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, LastRun>> {
  const found = new Map<string, LastRun>();
  for (const name of (await runNames(folder)).toReversed().slice(0, lookedThrough)) {
    if (found.size === wanted.size) break;
    const { record, records } = await readRun(folder, name);
    const time = records.at(-1)?.time ?? "";
    const own = Map.groupBy(record.tasks().filter(isPluginTask), ({ task }) => task.split("/")[1] ?? "");
    for (const [plugin, tasks] of own) {
      if (!wanted.has(plugin) || found.has(plugin)) continue;
      const phase = tasks.at(-1)?.task.split("/")[0] ?? "";
      found.set(plugin, { run: name, phase, time, tasks: tasks.filter(({ task }) => task.startsWith(`${phase}/`)) });
    }
  }
  return found;
}

/** Steps have a colon in the first part of their tasks' names. */
function isPluginTask({ task, result }: TaskRecord): boolean {
  return !task.startsWith("undo/") && !(task.split("/")[0] ?? "").includes(":") && result !== "skipped";
}
