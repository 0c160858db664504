import type { JournalRecord, PastRun, TaskRecord } from "@outrigger/cluster";
import type { Command } from "commander";
import { type ClusterOptions, wantedFolder, withCluster } from "../../cluster/cluster-options.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { paint, stateStyle } from "../../output/paint.ts";
import { print } from "../../output/print.ts";
import { ageOf, formatTable } from "../../output/table.ts";

export function define(command: Command): void {
  withOutput(withCluster(command.argument("[run]", "a run: shows its tasks")))
    .description("Lists a cluster's runs, newest first, or the tasks of one run with how they ended and where their output is.")
    .action(history);
  withExamples(command, "cluster history", "cluster history -c test -o json", "cluster history 20261121T224037.512-join-3fa2");
}

interface RunRow {
  readonly run: string;
  readonly operation: string;
  readonly image: string;
  readonly started: string;
  readonly ended?: string;
  /** `open` where it was killed. */
  readonly result: string;
  readonly tasks: number;
  readonly reason?: string;
}

async function history(run: string | undefined, options: ClusterOptions & OutputOptions): Promise<void> {
  const { readRun, runNames } = await import("@outrigger/cluster");
  const folder = await wantedFolder(options);
  if (run !== undefined) {
    const { record, folder: place } = await readRun(folder, run);
    const tasks = record.tasks();
    return print(options.output, tasks, () => `${taskTable(tasks)}\n\nlogs: ${place.path}`);
  }
  const names = await runNames(folder);
  const rows = (await Promise.all(names.map((name) => readRun(folder, name)))).map(rowOf).toReversed();
  await print(options.output, rows, () =>
    formatTable(
      [
        { title: "run", cell: (row) => row.run },
        { title: "operation", cell: ({ operation }) => operation },
        { title: "image", cell: ({ image }) => image },
        { title: "started", cell: ({ started }) => `${ageOf(started)} ago` },
        { title: "result", cell: ({ result }) => paint(stateStyle(result), result) },
        { title: "tasks", cell: ({ tasks }) => String(tasks) },
        { title: "reason", cell: ({ reason }) => reason ?? "" },
      ],
      rows,
    ),
  );
}

function rowOf({ folder, records, record }: PastRun): RunRow {
  const first: JournalRecord | undefined = records[0];
  const last = records.at(-1);
  const started = first?.event === "run-started" ? first : undefined;
  return {
    run: folder.run,
    operation: started?.operation ?? "",
    image: started?.image.reference ?? "",
    started: first?.time ?? "",
    ...(record.ending === undefined || last === undefined ? {} : { ended: last.time }),
    result: record.ending?.result ?? "open",
    tasks: record.tasks().length,
    ...(record.ending?.reason === undefined ? {} : { reason: record.ending.reason }),
  };
}

function taskTable(tasks: readonly TaskRecord[]): string {
  return formatTable(
    [
      { title: "task", cell: ({ task }) => task },
      { title: "result", cell: ({ result }) => paint(stateStyle(result), result) },
      { title: "attempts", cell: ({ attempts }) => String(attempts) },
      { title: "took", cell: ({ ms }) => `${(ms / 1000).toFixed(1)} s` },
      { title: "exit", cell: ({ exit }) => (exit === undefined ? "" : String(exit)) },
      { title: "log", cell: ({ log }) => log ?? "" },
      { title: "reason", cell: ({ reason }) => reason ?? "" },
    ],
    tasks,
  );
}
