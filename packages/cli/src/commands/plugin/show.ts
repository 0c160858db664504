import { type ConfigItem, parseReference, valueToText } from "@outrigger/plugin";
import type { VersionResource } from "@outrigger/server";
import type { Command } from "commander";
import { connectTeam } from "../../connect.ts";
import { type OutputOptions, type TeamOptions, withExamples, withOutput, withTeam } from "../../options.ts";
import { paint, stateStyle } from "../../output/paint.ts";
import { print } from "../../output/print.ts";
import { formatFields, formatTable } from "../../output/table.ts";

export function define(command: Command): void {
  withOutput(withTeam(command))
    .description("Shows a version of a plug-in with every setting.")
    .argument("<plugin>", "NAME@VERSION, or NAME for the newest")
    .action(show);
  withExamples(command, "plugin show log-collector", "plugin show log-collector@1.0.0 -o yaml");
}

async function show(plugin: string, options: TeamOptions & OutputOptions): Promise<void> {
  const api = connectTeam(options);
  const { name, version } = parseReference(plugin);
  const chosen = version ?? (await api.plugin(name)).versions[0]?.version ?? "";
  const resource = await api.version(name, chosen);
  await print(options.output, resource, () => versionText(resource));
}

function versionText(resource: VersionResource): string {
  const { metadata, spec } = resource.manifest;
  const head = formatFields([
    ["plug-in", `${resource.plugin}@${resource.version}`],
    ["about", metadata.description],
    ["layer", spec.layer === "pod" ? `pod (${spec.pod.type})` : spec.layer],
    ["state", `${paint(stateStyle(resource.state), resource.state)}${resource.fixed ? ", fixed" : ""}`],
    ["privileges", resource.privileges.join(", ")],
    ["image", resource.image],
    ["digest", resource.digest],
  ]);
  const groups = resource.config.map((group) => {
    const title = `Settings ${group.group}${group.dependsOn === "none" ? "" : ` (for each ${group.dependsOn})`}, by ${group.inject}:`;
    return `${title}\n${formatTable(itemColumns, group.items)}`;
  });
  return [head, ...groups].join("\n\n");
}

const itemColumns = [
  { title: "item", cell: ({ name }: ConfigItem) => name },
  { title: "type", cell: typeText },
  {
    title: "default",
    cell: (item: ConfigItem) => (item.default === undefined ? (item.required ? "(required)" : "") : valueToText(item.default)),
  },
  { title: "description", cell: ({ description, editable }: ConfigItem) => `${description ?? ""}${editable ? "" : " (fixed)"}`.trim() },
];

function typeText(item: ConfigItem): string {
  if (item.options !== undefined) return `${item.type} of ${item.options.join(", ")}`;
  const bounds = [item.min === undefined ? "" : `from ${item.min}`, item.max === undefined ? "" : `to ${item.max}`].filter(Boolean);
  return [item.type, ...bounds].join(" ");
}
