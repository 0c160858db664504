import * as z from "zod";
import { nameField, pathField, variablesField } from "./fields.ts";

/** A volume of the plug-in's own that the app sees too. */
export interface ExportedMount {
  /** Name of one of the plug-in's volumes. */
  readonly volume: string;
  /** Where the app sees it. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** What a plug-in hands to the app. It can add, never override: a clash with what the app sets is refused when it is installed. */
export interface Exports {
  /** Variables of the app. One that names itself, e.g. `"${JAVA_TOOL_OPTIONS:} -javaagent:/agent/a.jar"`, adds to what is there. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly ExportedMount[];
}

export const exportsField: z.ZodType<Exports> = z.strictObject({
  env: variablesField.default({}),
  mounts: z.array(z.strictObject({ volume: nameField, path: pathField, readOnly: z.boolean().default(true) })).default([]),
});
