import { relative, resolve } from "node:path";
import { manifestInvalid, readPluginManifest } from "@outrigger/plugin";
import { type Command, Option } from "commander";
import { engineTemplate } from "../../engine/engine-template.ts";
import { cliErrors } from "../../errors.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";
import { pluginTemplate, type TemplateType, templateTypes } from "../../plugin-template.ts";
import { writeNewFiles } from "../../write-files.ts";

export function define(command: Command): void {
  command
    .description(
      "Writes the folder of a new plug-in that works as it is: plugin.yaml and README, with a Dockerfile and program for a pod, or a module and its test for an engine.",
    )
    .argument("<name>", "its name, e.g. log-shipper")
    .addOption(new Option("--layer <layer>", "what it attaches to").choices(["pod", "engine"]).default("pod"))
    .addOption(new Option("--type <type>", "what it is in the pod (default: general)").choices(templateTypes))
    .option("--dir <folder>", "where to write it (default: plugins/NAME)")
    .action(init);
  withExamples(
    command,
    "plugin init log-shipper",
    "plugin init schema-migration --type init --dir plugins/schema-migration",
    "plugin init team-labels --layer engine",
  );
}

interface InitOptions {
  readonly layer: "pod" | "engine";
  readonly type?: TemplateType;
  readonly dir?: string;
}

async function init(name: string, { layer, type, dir }: InitOptions): Promise<void> {
  if (layer === "engine" && type !== undefined) {
    throw cliErrors["option-invalid"]({ option: "--type", found: type, expected: "nothing with --layer engine", command: "plugin init" });
  }
  const folder = resolve(dir ?? `plugins/${name}`);
  const files = layer === "engine" ? engineTemplate(name) : pluginTemplate(name, type ?? "general");
  const reading = readPluginManifest(files["plugin.yaml"] ?? "", "plugin.yaml");
  if (!reading.ok) throw manifestInvalid("the new plugin.yaml", reading.problems);
  await writeNewFiles(folder, files);
  const shown = relative(process.cwd(), folder) || ".";
  const next = layer === "engine" ? `engine plugins install ${shown}` : `plugin build ${shown}`;
  say(`Wrote ${Object.keys(files).join(", ")} to ${shown}.\nNext: outrigger plugin validate ${shown}/plugin.yaml, then outrigger ${next}`);
}
