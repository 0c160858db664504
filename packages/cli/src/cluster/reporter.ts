import type { RunEvent } from "@outrigger/cluster";
import type { RunFlags } from "./cluster-options.ts";

/** Shows a run as it goes on. */
export interface Reporter {
  readonly report: (event: RunEvent) => void;
  /** A sentence beside what happens. */
  readonly say: (text: string) => void;
  readonly close: () => void;
}

/** JSON lines where they are asked for; a tree on a terminal; lines elsewhere. */
export async function openReporter({ output, verbose }: Pick<RunFlags, "output" | "verbose">): Promise<Reporter> {
  if (output === "json") return (await import("./report-json.ts")).jsonReporter();
  if (process.stderr.isTTY && verbose !== true) return (await import("./report-tree.ts")).treeReporter();
  return (await import("./report-lines.ts")).linesReporter();
}
