import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { type EngineFolders, withEngineFolders } from "../../engine/engine-options.ts";
import { callLines } from "../../engine/show-trace.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";
import { readTextFile } from "../../read-file.ts";

export function define(command: Command): void {
  withOutput(withEngineFolders(command))
    .argument("<file>", "a recorded call: { hook, facts, input } as JSON, as `outrigger engine --record` writes them")
    .description(
      "Plays a recorded call through the plug-ins of a folder and shows what each makes of it. No engine and no gateway is needed; nothing changes.",
    )
    .action(replay);
  withExamples(command, "engine replay call.json --plugins ./plugins", "engine replay call.json -o json");
}

async function replay(file: string, options: EngineFolders & OutputOptions): Promise<void> {
  const { createPluginSource, readRecordedCall, replayCall } = await import("@outrigger/engine");
  const { stringifyJson } = await import("@outrigger/sdk");
  const recorded = readRecordedCall(readTextFile(file), file);
  const state = await mkdtemp(join(tmpdir(), "outrigger-replay-"));
  const closing: (() => Promise<void>)[] = [];
  try {
    const result = await replayCall(recorded, async (traces) => {
      const source = await createPluginSource({ folder: options.plugins, state, traces, watch: false });
      closing.push(() => source.close(0));
      return source.current();
    });
    // Exact numbers: the output can hold integers that JSON.stringify refuses.
    if (options.output === "json") process.stdout.write(`${stringifyJson(result)}\n`);
    else
      await print(options.output, JSON.parse(stringifyJson(result)), () =>
        [
          ...result.calls.flatMap(callLines),
          result.refused === undefined ? `Output: ${stringifyJson(result.output)}` : `Refused: ${result.refused}`,
        ].join("\n"),
      );
    process.exitCode = result.refused === undefined ? 0 : 1;
  } finally {
    for (const close of closing) await close();
    await rm(state, { recursive: true, force: true });
  }
}
