import { jsonSchemas } from "@outrigger/plugin";

/** The file beside a new plugin.yaml by which editors know its keys. */
export const schemaFile = "plugin.schema.json";

/** The first line of a plugin.yaml, which the YAML language server reads. */
export const schemaComment: string = `# yaml-language-server: $schema=./${schemaFile}`;

export function editorSchema(): string {
  return `${JSON.stringify(jsonSchemas()[schemaFile], undefined, 2)}\n`;
}
