import { join } from "node:path";
import { manifestInvalid, readPluginManifest } from "@outrigger/plugin";
import type { Command } from "commander";
import { editorSchema, schemaFile } from "../../editor-schema.ts";
import { findContainer } from "../../import/find-container.ts";
import { importContainer } from "../../import/import-container.ts";
import { writeManifest } from "../../import/write-manifest.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";
import { readTextFile } from "../../read-file.ts";
import { writeNewFiles } from "../../write-files.ts";

interface ImportOptions {
  readonly container: string;
  readonly out: string;
  readonly name?: string;
  readonly pluginVersion: string;
}

export function define(command: Command): void {
  command
    .description(
      "Turns one container of a Kubernetes template (Pod, Deployment, StatefulSet, DaemonSet, Job, CronJob or pod template) into plugin.yaml.\n" +
        "Its variables become settings; whatever has no place in plugin.yaml is listed, here and at the end of the file.",
    )
    .argument("<file>", "the template; it may hold several documents")
    .requiredOption("--container <name>", "the container to turn into a plug-in")
    .requiredOption("--out <folder>", "where to write plugin.yaml")
    .option("--name <name>", "the plug-in's name (default: the container's)")
    .option("--plugin-version <version>", "the plug-in's version", "1.0.0")
    .action(importTemplate);
  withExamples(command, "plugin import sidecar.yaml --container logtail --out plugins/logtail");
}

async function importTemplate(file: string, options: ImportOptions): Promise<void> {
  const found = findContainer(readTextFile(file), file, options.container);
  const imported = importContainer(found, { name: options.name ?? options.container, version: options.pluginVersion });
  const text = writeManifest(imported, file);
  const target = join(options.out, "plugin.yaml");
  const reading = readPluginManifest(text, target);
  if (!reading.ok) throw manifestInvalid(target, reading.problems);
  await writeNewFiles(options.out, { "plugin.yaml": text, [schemaFile]: editorSchema() });
  say(`Wrote ${target}: a plug-in of type ${imported.type} with ${imported.items.length} settings.`);
  if (imported.leftovers.length === 0) return;
  say(`\n${imported.leftovers.length} things of the template have no place in it (listed at its end too):`);
  for (const { path, reason } of imported.leftovers) say(`  ${path}: ${reason}`);
}
