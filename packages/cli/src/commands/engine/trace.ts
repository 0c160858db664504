import type { Command } from "commander";
import { type EngineFolders, engineFolders, withEngineFolders } from "../../engine/engine-options.ts";
import { traceLine, traceText } from "../../engine/show-trace.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";

interface TraceOptions extends EngineFolders, OutputOptions {
  readonly follow?: true;
}

export function define(command: Command): void {
  withOutput(withEngineFolders(command))
    .argument("[id]", "a request, as refusals name it; without it, the last ones are listed")
    .option("-f, --follow", "go on with each request as it comes, until Ctrl-C")
    .description(
      "Shows the requests that plug-ins saw: who changed what, and how long it took. Values of variables and secrets are hidden.",
    )
    .action(trace);
  withExamples(command, "engine trace", "engine trace --follow", "engine trace r17 -o json");
}

async function trace(id: string | undefined, options: TraceOptions): Promise<void> {
  const { controlClient } = await import("@outrigger/engine");
  const client = controlClient((await engineFolders(options)).control);
  if (id !== undefined) {
    const found = await client.trace(id);
    return print(options.output, found, () => traceText(found));
  }
  if (options.follow === true) {
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    for await (const each of client.follow(stop.signal))
      process.stdout.write(`${options.output === "json" ? JSON.stringify(each) : traceText(each)}\n`);
    return;
  }
  const traces = await client.traces();
  await print(options.output, traces, () => (traces.length === 0 ? "None." : traces.map(traceLine).join("\n")));
}
