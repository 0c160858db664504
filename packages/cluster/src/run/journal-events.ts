import type { Operation } from "../phases/timelines.ts";

/**
 * How an attempt of a task ended. `skipped`: its rule (`run: once`, `run: on-change`) says that it need not run. `lost`: the host is out of reach, and its
 * script may go on there; the next attempt asks for it. `cancelled`: the same, after it was told to end.
 */
export type TaskResult = "done" | "failed" | "skipped" | "cancelled" | "lost";

/** How a run ended. `abandoned`: somebody said that it is not to be resumed. */
export type RunEnding = "done" | "failed" | "cancelled" | "abandoned";

interface TaskEventCommon {
  readonly task: string;
  /** The host's ip, `-` for work on this machine. */
  readonly host: string;
  /** Counted from 1 for as long as the run has lasted, also across resumes. */
  readonly attempt: number;
  readonly digest: string;
}

export interface TaskEnded extends TaskEventCommon {
  readonly event: "task-ended";
  readonly result: TaskResult;
  /** Of its script. */
  readonly exit?: number;
  readonly ms: number;
  /** Why it failed or was skipped. */
  readonly reason?: string;
  /** Its output, relative to the run's folder. */
  readonly log?: string;
}

/** What stands in a journal, a line each; none holds a secret. */
export type JournalEvent =
  | {
      readonly event: "run-started";
      /** Of the journal's shape. */
      readonly format: 1;
      readonly run: string;
      readonly operation: Operation | "run";
      readonly cluster: string;
      readonly image: { readonly reference: string; readonly digest: string };
      readonly planDigest: string;
    }
  | { readonly event: "run-resumed"; readonly planDigest: string }
  | ({ readonly event: "task-started" } & TaskEventCommon)
  | TaskEnded
  /** All that is done and can be taken back is taken back; its tasks are named `undo/...`. */
  | { readonly event: "undo-started" }
  /** Where create.sh says that the admin's kubeconfig is on the first master. */
  | { readonly event: "kubeconfig"; readonly path: string }
  | { readonly event: "warning"; readonly text: string }
  | { readonly event: "run-ended"; readonly result: RunEnding; readonly reason?: string };

/** An event as it stands in the journal. */
export type JournalRecord = JournalEvent & {
  /** RFC 3339, with milliseconds. */
  readonly time: string;
};
