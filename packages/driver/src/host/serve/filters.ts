import { asRecord } from "@outrigger/plugin";
import type { ManagedPlugin } from "../../config/plugin-config.ts";
import { driverErrors } from "../../errors.ts";
import { capabilitiesOf } from "../run/oci-spec.ts";

/**
 * The filters of a list: `{"enabled":["true"],"capability":["volumedriver"]}`, or values as the keys of an object. A plug-in of several types fits each of its
 * capabilities (an engine shows it for none). @throws request-invalid
 */
export function readFilters(query: URLSearchParams): (plugin: ManagedPlugin) => boolean {
  const filters = asRecord(parse(query.get("filters") ?? "{}"));
  for (const name of Object.keys(filters))
    if (name !== "enabled" && name !== "capability") throw driverErrors["request-invalid"]({ reason: `invalid filter '${name}'` });
  const enabled = valuesOf(filters["enabled"]);
  const capabilities = valuesOf(filters["capability"]);
  for (const value of enabled)
    if (!/^(true|false|1|0)$/i.test(value)) throw driverErrors["request-invalid"]({ reason: `invalid filter 'enabled=[${value}]'` });
  return ({ Enabled, Config }) =>
    (enabled.length === 0 || enabled.some((value) => /^(true|1)$/i.test(value) === Enabled)) &&
    (capabilities.length === 0 || capabilitiesOf(Config.Interface.Types).some((each) => capabilities.includes(each)));
}

function valuesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text || "{}");
  } catch {
    throw driverErrors["request-invalid"]({ reason: "`filters` is not JSON" });
  }
}
