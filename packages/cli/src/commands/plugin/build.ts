import { existsSync } from "node:fs";
import { manifestInvalid, parseReference } from "@outrigger/plugin";
import type { Command } from "commander";
import { connectTeam, type TeamConnection } from "../../connect.ts";
import { cliErrors } from "../../errors.ts";
import { followBuild } from "../../follow-build.ts";
import { type TeamOptions, withExamples, withTeam } from "../../options.ts";
import { say } from "../../output/print.ts";
import { pluginSources } from "../../packages/plugin-sources.ts";
import { type RegistryFlags, withRegistry } from "../../packages/registry-options.ts";
import { localPluginAt } from "../../plugin-folder.ts";
import { type LocalBuild, planPluginBuild } from "../../project/local-builds.ts";

export function define(command: Command): void {
  withRegistry(withTeam(command))
    .description("Builds a plug-in and prints the build's log. Once built, the version is fixed. Ctrl-C cancels the build.")
    .argument(
      "[place]",
      "the plug-in's folder or plugin.yaml; or NAME@VERSION of a draft from an image or git; or NAME:TAG of a package",
      ".",
    )
    .action(build);
  withExamples(
    command,
    "plugin build",
    "plugin build plugins/log-shipper",
    "plugin build wait-for@1.0.0",
    "plugin build registry.example/tools/log-shipper:1.0.0",
  );
}

async function build(place: string, options: TeamOptions & RegistryFlags): Promise<void> {
  const api = connectTeam(options);
  await using stack = new AsyncDisposableStack();
  const { subject, start } = await planBuild(place, options, api, stack);
  if (start === undefined) return say(`The ${subject} is built already, and nothing changed.`);
  const started = await start();
  const cancel = (): void => void api.cancelBuild(started.id).catch(() => {});
  process.once("SIGINT", cancel);
  try {
    await followBuild(api, started, { line: (text) => process.stdout.write(`${text}\n`) });
  } finally {
    process.off("SIGINT", cancel);
  }
  say(`Built the ${subject}.`);
}

async function planBuild(place: string, options: RegistryFlags, api: TeamConnection, stack: AsyncDisposableStack): Promise<LocalBuild> {
  const isPackage = place.includes(":") && !existsSync(place);
  const plugin = localPluginAt(isPackage ? stack.use(await pluginSources(place, options)).folder : place);
  if (plugin !== undefined) {
    const planned = await planPluginBuild(plugin, api, stack);
    if ("subject" in planned) return planned;
    throw manifestInvalid(plugin.file, [planned]);
  }
  const { name, version } = parseReference(place);
  if (version === undefined) {
    throw cliErrors["option-invalid"]({
      option: "PLACE",
      found: `"${place}"`,
      expected: "a folder that exists, or NAME@VERSION",
      command: "plugin build",
    });
  }
  return { subject: `plug-in ${name}@${version}`, start: () => api.buildVersion(name, version) };
}
