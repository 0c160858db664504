import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { countProblems, formatProblem, isOutriggerError, type Problem, readManifest } from "@outrigger/plugin";
import type { Command } from "commander";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print, say } from "../../output/print.ts";
import { composeProject } from "../../project/check-project.ts";
import { readProject } from "../../project/project.ts";
import { fileReason } from "../../read-file.ts";

export function define(command: Command): void {
  withOutput(command)
    .description(
      "Checks plugin.yaml and app.yaml files; prints every mistake with file, line and column, and exits 2 when there is any.\n" +
        "An app.yaml is checked with the plug-ins beside it and in the catalogue, values included. Needs no server.",
    )
    .argument("<file...>", "files to check")
    .action(validate);
  withExamples(
    command,
    "plugin validate plugin.yaml",
    "plugin validate plugins/*/plugin.yaml app.yaml",
    "plugin validate plugin.yaml -o json",
  );
}

async function validate(files: readonly string[], options: OutputOptions): Promise<void> {
  const problems = files.flatMap(check);
  await print(options.output, problems, () =>
    problems.length === 0 ? `${files.map((file) => basename(file)).join(", ")}: no mistakes.` : problems.map(formatProblem).join("\n"),
  );
  if (problems.length === 0) return;
  if (options.output === "table") say(`${countProblems(problems.length)}.`);
  process.exitCode = 2;
}

function check(file: string): readonly Problem[] {
  const text = tryRead(file);
  if (typeof text !== "string") return [text];
  const reading = readManifest(text, file);
  if (!reading.ok) return reading.problems;
  if (reading.value.kind === "Plugin") return [];
  try {
    const project = readProject(file);
    return composeProject(project, project.plugins, project.application.metadata.team).problems;
  } catch (error) {
    if (isOutriggerError(error) && error.problems.length > 0) return error.problems;
    throw error;
  }
}

/** A file that can't be read is one more mistake in the list: the other files are checked all the same. */
function tryRead(file: string): string | Problem {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    return { file, line: 0, column: 0, path: "", code: "unknown-reference", message: `The file can't be read: ${fileReason(error)}.` };
  }
}
