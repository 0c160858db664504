import type { EventResource } from "@outrigger/server";
import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { type OutputOptions, type TeamOptions, withExamples, withOutput, withTeam } from "../options.ts";
import { paint, stateStyle } from "../output/paint.ts";
import { print } from "../output/print.ts";
import { ageOf, formatTable } from "../output/table.ts";

interface EventsOptions extends TeamOptions, OutputOptions {
  readonly follow?: true;
  readonly subject?: string;
}

export function define(command: Command): void {
  withOutput(withTeam(command))
    .description("Prints what happened in the team: what people did, and what became of containers.")
    .option("-f, --follow", "go on until Ctrl-C, one line (with -o json: one object) for each event")
    .option("--subject <subject>", "only about this, e.g. component:shop/web")
    .action(events);
  withExamples(command, "events", "events -f --subject component:shop/web", "events -o json");
}

async function events(options: EventsOptions): Promise<void> {
  const api = connectTeam(options);
  const query = { subject: options.subject };
  if (options.follow !== true) {
    const list = await api.events(query);
    return print(options.output, list, () => eventTable(list));
  }
  for await (const { data } of api.eventStream(query)) {
    const event = data as EventResource;
    const line = `${event.time}  ${paint(stateStyle(event.kind), event.reason)}  ${event.subject}  ${event.message}`;
    process.stdout.write(`${options.output === "table" ? line : JSON.stringify(event)}\n`);
  }
}

function eventTable(list: readonly EventResource[]): string {
  return formatTable(
    [
      { title: "age", cell: ({ time }) => ageOf(time) },
      { title: "kind", cell: ({ kind }) => paint(stateStyle(kind), kind) },
      { title: "reason", cell: ({ reason }) => reason },
      { title: "subject", cell: ({ subject }) => subject },
      { title: "message", cell: ({ message }) => message },
    ],
    list,
  );
}
