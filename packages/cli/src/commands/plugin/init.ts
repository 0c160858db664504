import { relative, resolve } from "node:path";
import { manifestInvalid, readPluginManifest } from "@outrigger/plugin";
import { type Command, Option } from "commander";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";
import { pluginTemplate, type TemplateType, templateTypes } from "../../plugin-template.ts";
import { writeNewFiles } from "../../write-files.ts";

export function define(command: Command): void {
  command
    .description("Writes the folder of a new plug-in that builds and runs as it is: plugin.yaml, Dockerfile, program and README.")
    .argument("<name>", "its name, e.g. log-shipper")
    .addOption(new Option("--type <type>", "what it is in the pod").choices(templateTypes).default("general"))
    .option("--dir <folder>", "where to write it (default: plugins/NAME)")
    .action(init);
  withExamples(command, "plugin init log-shipper", "plugin init schema-migration --type init --dir plugins/schema-migration");
}

async function init(name: string, options: { readonly type: TemplateType; readonly dir?: string }): Promise<void> {
  const folder = resolve(options.dir ?? `plugins/${name}`);
  const files = pluginTemplate(name, options.type);
  const reading = readPluginManifest(files["plugin.yaml"] ?? "", "plugin.yaml");
  if (!reading.ok) throw manifestInvalid("the new plugin.yaml", reading.problems);
  await writeNewFiles(folder, files);
  const shown = relative(process.cwd(), folder) || ".";
  say(
    `Wrote ${Object.keys(files).join(", ")} to ${shown}.\nNext: outrigger plugin validate ${shown}/plugin.yaml, then outrigger plugin build ${shown}`,
  );
}
