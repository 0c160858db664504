import { foldKey } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import { engineFields } from "./engine-fields.ts";
import type { JsonObject, JsonValue } from "./read-json.ts";

/** A body of the engine's API: a type's name in the table of its fields. */
export type BodyType =
  | "ContainerCreateRequest"
  | "ContainerUpdateRequest"
  | "ExecConfig"
  | "NetworkConnectRequest"
  | "NetworkCreateRequest"
  | "ServiceSpec"
  | "VolumeCreateOptions";

/** Lists that engines also take as one string (`"Cmd": "ls"`), by type. */
const listsOrTexts: Readonly<Record<string, readonly string[]>> = {
  ContainerCreateRequest: ["Cmd", "Entrypoint", "Shell"],
  HostConfig: ["CapAdd", "CapDrop", "Capabilities"],
  HealthConfig: [],
};

/** A value with every key in the engine's own spelling. `asCame`: nothing had to be changed for that. */
export interface Canonical<Value> {
  readonly value: Value;
  readonly asCame: boolean;
}

const spellings = new Map<string, ReadonlyMap<string, string>>();

/** Folded key -> the field's own spelling, of one type. */
function spellingsOf(type: string): ReadonlyMap<string, string> {
  const known = spellings.get(type) ?? new Map(Object.keys(engineFields[type] ?? {}).map((field) => [foldKey(field), field]));
  spellings.set(type, known);
  return known;
}

/**
 * Brings the keys of a body into the engine's spelling: engines compare them without case, plug-ins don't. Keys of maps that are the user's own (labels, options, networks) stay.
 * Fields that the table does not know stay as they are, so that newer engines' fields pass.
 *
 * @throws request-malformed where two keys of an object name the same field, or where a field of HostConfig stands beside it (engines before API 1.18 had them there, and
 * later ones still read them)
 */
export function canonicalBody(body: JsonValue, type: BodyType): Canonical<JsonObject> {
  if (!isObject(body)) throw engineErrors["request-malformed"]({ reason: "its body is no JSON object" });
  const result = struct(body, type, "");
  if (type === "ContainerCreateRequest") refuseHostFields(result.value);
  return result;
}

function refuseHostFields(body: JsonObject): void {
  const own = spellingsOf("ContainerCreateRequest");
  const host = spellingsOf("HostConfig");
  for (const key of Object.keys(body)) {
    const folded = foldKey(key);
    if (own.has(folded) || (!host.has(folded) && folded !== "cpuset")) continue;
    throw engineErrors["request-malformed"]({ reason: `${JSON.stringify(key)} stands beside HostConfig instead of in it` });
  }
}

function struct(object: JsonObject, type: string, place: string): Canonical<JsonObject> {
  const names = spellingsOf(type);
  const fields = engineFields[type] ?? {};
  const texts = listsOrTexts[type] ?? [];
  const result: Record<string, JsonValue> = Object.create(null);
  const seen = new Set<string>();
  let asCame = true;
  for (const [key, given] of Object.entries(object)) {
    const folded = foldKey(key);
    if (seen.has(folded))
      throw engineErrors["request-malformed"]({
        reason: `the field ${place}${names.get(folded) ?? key} stands twice, in different spellings`,
      });
    seen.add(folded);
    const name = names.get(folded) ?? key;
    const listed = texts.includes(name) && typeof given === "string" ? [given] : given;
    const { value, asCame: same } = field(listed, fields[name] ?? "value", `${place}${name}.`);
    asCame &&= same && name === key && listed === given;
    result[name] = value;
  }
  return { value: result, asCame };
}

function field(value: JsonValue, kind: string, place: string): Canonical<JsonValue> {
  if (kind === "value" || kind === "map" || value === null) return { value, asCame: true };
  if (kind.startsWith("list:")) {
    if (!Array.isArray(value)) return { value, asCame: true };
    const parts = (value as readonly JsonValue[]).map((element) => field(element, kind.slice(5), place));
    return { value: parts.map((part) => part.value), asCame: parts.every((part) => part.asCame) };
  }
  if (!isObject(value)) return { value, asCame: true };
  if (!kind.startsWith("map:")) return struct(value, kind, place);
  const result: Record<string, JsonValue> = Object.create(null);
  let asCame = true;
  for (const [key, given] of Object.entries(value)) {
    const part = field(given, kind.slice(4), place);
    result[key] = part.value;
    asCame &&= part.asCame;
  }
  return { value: result, asCame };
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
