import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type LocalPlugin, readLocalPlugin } from "./project/project.ts";

/** The plug-in whose folder or plugin.yaml the words name; undefined when they name neither. */
export function localPluginAt(place: string): LocalPlugin | undefined {
  if (!existsSync(place)) return undefined;
  return readLocalPlugin(statSync(place).isDirectory() ? join(place, "plugin.yaml") : place);
}
