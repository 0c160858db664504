import { pluginErrors } from "./errors.ts";

/** A plug-in by name, and by version where one is named. */
export interface PluginReference {
  readonly name: string;
  readonly version?: string;
}

/**
 * `log-collector@1.0.0` -> `{ name, version }`; a bare name has no version.
 *
 * @throws reference-invalid
 */
export function parseReference(text: string): PluginReference {
  const match = /^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:@([0-9A-Za-z.-]+))?$/.exec(text);
  if (match?.[1] === undefined) throw pluginErrors["reference-invalid"]({ reference: text });
  return match[2] === undefined ? { name: match[1] } : { name: match[1], version: match[2] };
}
