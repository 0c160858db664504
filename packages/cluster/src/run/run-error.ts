import { join } from "node:path";
import { isOutriggerError, type OutriggerError } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { FinishedRun } from "./operate.ts";
import type { TaskFailure } from "./run-task.ts";

const cancellation = "Cancelled; what ran on the hosts was told to end.";

/** So many failures are told in full; of the others their names. */
const toldInFull = 3;

/** Why a run did not come to its end, with what a person needs to mend it; undefined where it did. */
export function runError(finished: FinishedRun): OutriggerError | undefined {
  const { result, failures, undoFailures, undone, run, frozen, isOpen } = finished;
  const cluster = frozen.cluster.name;
  if (result === "done") return undefined;
  if (result === "cancelled")
    return isOpen ? clusterErrors["run-cancelled"]({ run: run.run, cluster }) : clusterErrors["run-over"]({ failures: cancellation });
  const told = failures.slice(0, toldInFull).map((failure) => failureText(failure, run.path));
  const others = failures.slice(toldInFull).map(({ task }) => task);
  const parts = [
    ...told,
    ...(others.length === 0 ? [] : [`and ${others.length} more: ${others.join(", ")}`]),
    ...(undone ? ["What this run had done, and what can be taken back, has been taken back."] : []),
    ...undoFailures.map((failure) => `Not taken back: ${failureText(failure, run.path)}`),
  ];
  if (!isOpen) return clusterErrors["run-over"]({ failures: parts.join("\n") }, { cause: failures[0]?.cause });
  return clusterErrors["run-failed"]({ run: run.run, cluster, failures: parts.join("\n") }, { cause: failures[0]?.cause });
}

/** `PreInit/motd on 10.0.0.3 (attempt 2): its script ended with 3.`, the mend where there is one, its last lines, and where its whole output is. */
export function failureText({ task, host, name, attempt, reason, tail, log, cause }: TaskFailure, folder: string): string {
  const where = host === "-" ? "" : ` on ${host}`;
  const tries = attempt > 1 ? ` (attempt ${attempt})` : "";
  const lines = tail.map((line) => `    | ${line}`);
  const path = log === undefined ? [] : [`    whole output: ${join(folder, log)}`];
  const mend = isOutriggerError(cause) ? [`    ${cause.hint}`] : [];
  return [`${task.split(/[:/]/)[0]} ${name}${where}${tries}: ${reason.trimEnd().replace(/\.$/, "")}.`, ...mend, ...lines, ...path].join(
    "\n",
  );
}
