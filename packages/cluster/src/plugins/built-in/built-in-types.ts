import type { PluginType } from "../plugin-type.ts";

/** The built-in types by their names. */
export const builtInTypes: ReadonlyMap<string, PluginType> = new Map();
