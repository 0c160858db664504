import { parseImageReference } from "@outrigger/plugin";
import { registryErrors } from "@outrigger/registry";

/** A package's name as the store keeps it: as it was given, with `:latest` where it has no tag. @throws reference-invalid */
export function packageName(text: string): string {
  const parsed = parseImageReference(text);
  if (parsed === undefined || parsed.digest !== null) throw registryErrors["reference-invalid"]({ found: text });
  return text.lastIndexOf(":") > text.lastIndexOf("/") ? text : `${text}:${parsed.tag ?? "latest"}`;
}
