import { basename } from "node:path";
import { stringify } from "yaml";
import { schemaComment } from "../editor-schema.ts";
import type { ImportedPlugin } from "./import-container.ts";

/** The text of plugin.yaml, with everything that had no place in it as comments at its end. */
export function writeManifest(plugin: ImportedPlugin, template: string): string {
  const manifest = {
    apiVersion: "outrigger.dev/v1",
    kind: "Plugin",
    metadata: { name: plugin.name, version: plugin.version, description: `Imported from the container of ${basename(template)}.` },
    spec: {
      layer: "pod",
      pod: plugin.pod,
      ...(plugin.items.length === 0 ? {} : { config: [{ group: "env", inject: "env", items: plugin.items }] }),
    },
  };
  const text = `${schemaComment}\n${stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })}`;
  if (plugin.leftovers.length === 0) return text;
  const lines = plugin.leftovers.map(({ path, reason }) => `#   ${path}: ${reason}`.replaceAll(/[\r\n]+/g, " "));
  return `${text}\n# Of the template these have no place above:\n${lines.join("\n")}\n`;
}
