import { join } from "node:path";
import type { OutriggerError } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { FinishedRun } from "./operate.ts";
import type { TaskFailure } from "./run-task.ts";

/** So many failures are told in full; of the others their names. */
const toldInFull = 3;

/** Why a run did not come to its end, with what a person needs to mend it; undefined where it did. */
export function runError({ result, failures, undoFailures, undone, run, frozen }: FinishedRun): OutriggerError | undefined {
  const cluster = frozen.cluster.name;
  if (result === "done") return undefined;
  if (result === "cancelled") return clusterErrors["run-cancelled"]({ run: run.run, cluster });
  const told = failures.slice(0, toldInFull).map((failure) => failureText(failure, run.path));
  const others = failures.slice(toldInFull).map(({ task }) => task);
  const parts = [
    ...told,
    ...(others.length === 0 ? [] : [`and ${others.length} more: ${others.join(", ")}`]),
    ...(undone ? ["What this run had done, and what can be taken back, has been taken back."] : []),
    ...undoFailures.map((failure) => `Not taken back: ${failureText(failure, run.path)}`),
  ];
  if (frozen.operation === "run") return clusterErrors["plugin-run-failed"]({ failures: parts.join("\n") }, { cause: failures[0]?.cause });
  return clusterErrors["run-failed"]({ run: run.run, cluster, failures: parts.join("\n") }, { cause: failures[0]?.cause });
}

/** `PreInit/motd on 10.0.0.3 (attempt 2): its script ended with 3.`, its last lines, and where its whole output is. */
export function failureText({ task, host, name, attempt, reason, tail, log }: TaskFailure, folder: string): string {
  const where = host === "-" ? "" : ` on ${host}`;
  const tries = attempt > 1 ? ` (attempt ${attempt})` : "";
  const lines = tail.map((line) => `    | ${line}`);
  const path = log === undefined ? [] : [`    whole output: ${join(folder, log)}`];
  return [`${task.split("/")[0]} ${name}${where}${tries}: ${reason.trimEnd().replace(/\.$/, "")}.`, ...lines, ...path].join("\n");
}
