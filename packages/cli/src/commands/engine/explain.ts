import type { Command } from "commander";
import { type EngineFolders, engineFolders, withEngineFolders } from "../../engine/engine-options.ts";
import { explanation, traceText } from "../../engine/show-trace.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";

export function define(command: Command): void {
  withOutput(withEngineFolders(command))
    .argument("<id>", "the request, as its refusal names it")
    .description("Says which plug-in refused a request, why, what to do about it, and what others had made of the request before.")
    .action(explain);
  withExamples(command, "engine explain r17", "engine explain r17 -o json");
}

async function explain(id: string, options: EngineFolders & OutputOptions): Promise<void> {
  const { controlClient } = await import("@outrigger/engine");
  const trace = await controlClient((await engineFolders(options)).control).trace(id);
  await print(options.output, trace, () => explanation(trace) ?? `No plug-in refused it.\n${traceText(trace)}`);
}
