import type { ImageFinding } from "@outrigger/cluster";
import { isOutriggerError } from "@outrigger/plugin";
import type { Command } from "commander";
import { showImageFindings } from "../../cluster/show-image-findings.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print, say } from "../../output/print.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../../packages/registry-options.ts";

interface LintOptions extends RegistryFlags, OutputOptions {
  readonly file?: string;
  readonly strict?: true;
}

export function define(command: Command): void {
  withOutput(withRegistry(command))
    .argument("[place]", "a folder with a Kubefile, a rootfs or plug-ins, or an image", ".")
    .option("-f, --file <kubefile>", "another Kubefile of the folder")
    .option("--strict", "warnings count as errors")
    .description(
      "Says what is wrong with a cluster image or its plug-ins before any host is touched: documents, types, scripts, programs, what is missing.\n" +
        "A Kubefile is carried out for it, RUN too; nothing gets a name. Exits 2 where there is an error.",
    )
    .action(lint);
  withExamples(command, "cluster lint", "cluster lint ./plugins", "cluster lint registry.example/clusters/tiny:1 -o json");
}

async function lint(place: string, options: LintOptions): Promise<void> {
  const findings = await findingsAt(place, options);
  await print(options.output, findings, () => (findings.length === 0 ? `${place}: no mistakes.` : showImageFindings(findings)));
  const errors = findings.filter(({ severity }) => severity === "error" || options.strict === true);
  if (errors.length === 0) return;
  if (options.output === "table") say(`${errors.length === 1 ? "1 mistake" : `${errors.length} mistakes`}.`);
  process.exitCode = 2;
}

async function findingsAt(place: string, options: LintOptions): Promise<readonly ImageFinding[]> {
  const { lintPlace } = await import("@outrigger/cluster");
  const { openStore } = await import("@outrigger/registry");
  const { file } = options;
  try {
    const request = { place, registry: registryOptions(options), say, ...(file === undefined ? {} : { file }) };
    return await lintPlace(request, await openStore());
  } catch (error) {
    if (isOutriggerError(error) && error.problems.length > 0) return error.problems.map((problem) => ({ severity: "error", ...problem }));
    throw error;
  }
}
