import type { JournalEvent, RunEnding, TaskResult } from "./journal-events.ts";

/** How far one task is. */
export interface TaskRecord {
  readonly task: string;
  readonly host: string;
  readonly digest: string;
  readonly attempts: number;
  /** How the last attempt ended. `open`: it has begun, and what became of it must be asked. */
  readonly result: TaskResult | "open";
  readonly ms: number;
  readonly exit?: number;
  readonly reason?: string;
  readonly log?: string;
}

/** What a run's journal says, as a whole: filled from the file, and kept up to date while the run goes on. */
export interface RunRecord {
  readonly add: (event: JournalEvent) => void;
  readonly task: (id: string) => TaskRecord | undefined;
  /** Of all tasks, in the order in which they ended last; those that have not ended come last. */
  readonly tasks: () => readonly TaskRecord[];
  readonly kubeconfig: string | undefined;
  /** Undefined while it runs, and after a crash. */
  readonly ending: { readonly result: RunEnding; readonly reason?: string } | undefined;
}

const undoPrefix = "undo/";

/** The name under which taking a task back is a task of its own. */
export function undoTask(task: string): string {
  return `${undoPrefix}${task}`;
}

export function isUndo(task: string): boolean {
  return task.startsWith(undoPrefix);
}

export function createRunRecord(events: readonly JournalEvent[] = []): RunRecord {
  const tasks = new Map<string, TaskRecord>();
  let kubeconfig: string | undefined;
  let ending: RunRecord["ending"];
  const put = (record: TaskRecord): void => {
    tasks.delete(record.task);
    tasks.set(record.task, record);
  };
  const add = (event: JournalEvent): void => {
    if (event.event === "kubeconfig") kubeconfig = event.path;
    if (event.event === "run-ended") ending = event;
    if (event.event === "run-resumed") ending = undefined;
    if (event.event !== "task-started" && event.event !== "task-ended") return;
    const { task, host, digest, attempt } = event;
    if (event.event === "task-started") put({ task, host, digest, attempts: attempt, result: "open", ms: 0 });
    else {
      const { result, ms, exit, reason, log } = event;
      const more = {
        ...(exit === undefined ? {} : { exit }),
        ...(reason === undefined ? {} : { reason }),
        ...(log === undefined ? {} : { log }),
      };
      put({ task, host, digest, attempts: attempt, result, ms, ...more });
    }
    // From the moment on at which it begins to be taken back, it is not done.
    if (isUndo(task)) takeBack(task.slice(undoPrefix.length));
  };
  const takeBack = (task: string): void => {
    const record = tasks.get(task);
    if (record?.result === "done") tasks.set(task, { ...record, result: "failed", reason: "taken back" });
  };
  for (const event of events) add(event);
  return {
    add,
    task: (id) => tasks.get(id),
    tasks: () => [...tasks.values()],
    get kubeconfig() {
      return kubeconfig;
    },
    get ending() {
      return ending;
    },
  };
}

/** True where an attempt has begun whose end nobody knows: its script may still run on the host, or have ended there. */
export function isOpen(record: TaskRecord | undefined): boolean {
  return record !== undefined && ["open", "lost", "cancelled"].includes(record.result);
}
