import { relative, resolve } from "node:path";
import { manifestInvalid, readPluginManifest } from "@outrigger/plugin";
import { type Command, Option } from "commander";
import { clusterTemplate } from "../../cluster/cluster-template.ts";
import { type DriverType, driverTemplate, driverTypes } from "../../driver/driver-template.ts";
import { engineTemplate } from "../../engine/engine-template.ts";
import { cliErrors } from "../../errors.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";
import { pluginTemplate, type TemplateType, templateTypes } from "../../plugin-template.ts";
import { writeNewFiles } from "../../write-files.ts";

export function define(command: Command): void {
  command
    .description(
      "Writes the folder of a new plug-in that works as it is: plugin.yaml and README, with a Dockerfile and program for a pod, a module and its test for an engine or a cluster, or a driver and its test.",
    )
    .argument("<name>", "its name, e.g. log-shipper")
    .addOption(new Option("--layer <layer>", "what it attaches to").choices(["pod", "engine", "driver", "cluster"]).default("pod"))
    .addOption(
      new Option("--type <type>", "what it is: in the pod (default: general), or which driver (default: volume)").choices([
        ...templateTypes,
        ...driverTypes,
      ]),
    )
    .option("--dir <folder>", "where to write it (default: plugins/NAME)")
    .action(init);
  withExamples(
    command,
    "plugin init log-shipper",
    "plugin init schema-migration --type init --dir plugins/schema-migration",
    "plugin init team-labels --layer engine",
    "plugin init shared-folders --layer driver --type volume",
    "plugin init kernel-label --layer cluster",
  );
}

interface InitOptions {
  readonly layer: "pod" | "engine" | "driver" | "cluster";
  readonly type?: TemplateType | DriverType;
  readonly dir?: string;
}

async function init(name: string, { layer, type, dir }: InitOptions): Promise<void> {
  const folder = resolve(dir ?? `plugins/${name}`);
  const files = filesOf(name, layer, type);
  const reading = readPluginManifest(files["plugin.yaml"] ?? "", "plugin.yaml");
  if (!reading.ok) throw manifestInvalid("the new plugin.yaml", reading.problems);
  await writeNewFiles(folder, files);
  const shown = relative(process.cwd(), folder) || ".";
  const next = {
    pod: `plugin build ${shown}`,
    engine: `engine plugins install ${shown}`,
    driver: `driver build ${shown}`,
    cluster: `cluster lint ${shown}`,
  }[layer];
  say(`Wrote ${Object.keys(files).join(", ")} to ${shown}.\nNext: outrigger plugin validate ${shown}/plugin.yaml, then outrigger ${next}`);
}

function filesOf(name: string, layer: InitOptions["layer"], type: InitOptions["type"]): Readonly<Record<string, string>> {
  const wrong = (expected: string): Error =>
    cliErrors["option-invalid"]({ option: "--type", found: String(type), expected, command: "plugin init" });
  if (layer === "engine" || layer === "cluster") {
    if (type !== undefined) throw wrong(`nothing with --layer ${layer}`);
    return layer === "engine" ? engineTemplate(name) : clusterTemplate(name);
  }
  if (layer === "driver") {
    const found = driverTypes.find((each) => each === (type ?? "volume"));
    if (found === undefined) throw wrong(`one of ${driverTypes.join(", ")} with --layer driver`);
    return driverTemplate(name, found);
  }
  const found = templateTypes.find((each) => each === (type ?? "general"));
  if (found === undefined) throw wrong(`one of ${templateTypes.join(", ")} with --layer pod`);
  return pluginTemplate(name, found);
}
