import { manifestInvalid, type Problem } from "@outrigger/plugin";
import type { Pod } from "@outrigger/pod";
import { type Command, Option } from "commander";
import { type TeamOptions, withExamples } from "../options.ts";
import { say, toYaml } from "../output/print.ts";
import { composeProject } from "../project/check-project.ts";
import { pluginUses, readProject } from "../project/project.ts";
import { teamOf } from "../team-option.ts";

interface RenderOptions extends Pick<TeamOptions, "team"> {
  readonly file: string;
  readonly pods?: true;
  readonly output: "yaml" | "json";
}

export function define(command: Command): void {
  command
    .description(
      "Composes app.yaml with the plug-ins beside it and in the catalogue, and prints the Kubernetes objects. Needs no server and no engine.\n" +
        "Images that are to be built stand as PLUGIN:VERSION and APPLICATION-COMPONENT:latest. Secrets stand as references, never as text.",
    )
    .option("-f, --file <file>", "the application", "app.yaml")
    .addOption(new Option("--team <name>", "team, which is the namespace").env("OUTRIGGER_TEAM").default("default"))
    .option("--pods", "print the composed pods themselves, as runtimes get them")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["yaml", "json"]).default("yaml"))
    .action((options: RenderOptions) => render(options, command));
  withExamples(command, "render -f app.yaml", "render -f app.yaml | kubectl apply -f -", "render -f app.yaml --pods -o json");
}

async function render(options: RenderOptions, command: Command): Promise<void> {
  const project = readProject(options.file);
  const given = teamOf(command, options);
  const unknown: Problem[] = [...pluginUses(project.application)].flatMap(({ reference, path }) => {
    if (project.plugins.has(reference)) return [];
    const message = `There is no plug-in ${reference} in plugins/ beside this file or in the catalogue.`;
    return [project.source.place({ path: [...path, "plugin"], code: "unknown-reference", message, found: reference })];
  });
  const { pods, problems } = composeProject(project, project.plugins, given.given ? given.name : (project.team ?? given.name));
  if (unknown.length + problems.length > 0) throw manifestInvalid(options.file, [...unknown, ...problems]);
  const objects = options.pods === true ? pods : await kubernetesObjects(pods);
  if (options.output === "yaml") process.stdout.write((await Promise.all(objects.map(toYaml))).join("---\n"));
  else {
    // kubectl takes several objects in JSON only as a List.
    const value = options.pods === true ? pods : { apiVersion: "v1", kind: "List", items: objects };
    process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  }
  const secrets = pods.flatMap(({ containers }) => containers.flatMap(({ env }) => env.filter((variable) => "secret" in variable)));
  if (secrets.length > 0 && options.pods !== true)
    say(`Make the ${secrets.length} secrets that these objects refer to yourself: their texts are not printed.`);
}

async function kubernetesObjects(pods: readonly Pod[]): Promise<readonly object[]> {
  const { renderPod } = await import("@outrigger/runtime");
  return pods.flatMap((pod) => renderPod(pod));
}
