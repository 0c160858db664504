import type { JournalRecord } from "./journal-events.ts";
import type { OutputStream } from "./task-log.ts";

/** What whoever watches a run is told: all that goes into the journal, and what passes by. */
export type RunEvent =
  | JournalRecord
  /** A moment of the timeline begins. `tasks`: how many there are, `left` without those that are done already. */
  | { readonly event: "stage"; readonly name: string; readonly tasks: number; readonly left: number }
  /** A line that a task prints; secrets are masked. */
  | {
      readonly event: "output";
      readonly task: string;
      readonly host: string;
      readonly name: string;
      readonly stream: OutputStream;
      readonly text: string;
    }
  /** Files on their way to a host, in bytes. */
  | { readonly event: "progress"; readonly task: string; readonly host: string; readonly sent: number; readonly total: number };

export type Report = (event: RunEvent) => void;
