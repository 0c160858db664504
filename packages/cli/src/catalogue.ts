import { existsSync } from "node:fs";
import { join } from "node:path";

/** The ready plug-ins: in the installed package its own copy, in the checkout the folder at the root. */
const folders: readonly string[] = [join(import.meta.dirname, "..", "plugins"), join(import.meta.dirname, "..", "..", "..", "plugins")];

/** The plugin.yaml files that a name can mean, nearest first: beside the application's file, then in the catalogue. */
export function pluginFiles(folder: string, name: string): readonly string[] {
  return [join(folder, "plugins"), ...folders].map((place) => join(place, name, "plugin.yaml")).filter((file) => existsSync(file));
}
