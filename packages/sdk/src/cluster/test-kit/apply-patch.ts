import { sameValue } from "../../engine/field-diff.ts";
import { sdkErrors } from "../../errors.ts";
import { isObject } from "../../json/is-object.ts";
import { mergePatch } from "../../json/merge-patch.ts";
import type { KubernetesRequest } from "../kubernetes-client.ts";

/** Lists of a node that are merged by a field of their items, as the API's own description says. */
const mergeKeys: Readonly<Record<string, string>> = { "spec.taints": "key", "status.addresses": "type", "status.conditions": "type" };

/** Patches a node as the API server does. @throws fake-request-unclear for a patch that is none, or that this does not do */
export function applyPatch(target: unknown, kind: KubernetesRequest["patch"], patch: unknown): unknown {
  if (kind === "merge") return mergePatch(target, patch);
  if (kind === "strategic-merge") return strategic(target, patch, "");
  if (kind === "json" && Array.isArray(patch)) return patch.reduce(jsonStep, structuredClone(target));
  throw unclear(kind === undefined ? "a patch needs its kind" : `it does not do the patch ${kind} with this body`);
}

function strategic(target: unknown, patch: unknown, path: string): unknown {
  if (Array.isArray(patch)) {
    const by = mergeKeys[path];
    return by === undefined ? patch : mergeList(Array.isArray(target) ? target : [], patch, by, path);
  }
  if (!isObject(patch)) return patch;
  const odd = Object.keys(patch).find((key) => key.startsWith("$"));
  if (odd !== undefined) throw unclear(`it does not do ${odd}`);
  const merged = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, strategic(merged.get(key), value, path === "" ? key : `${path}.${key}`));
  }
  return Object.fromEntries(merged);
}

function mergeList(target: readonly unknown[], patch: readonly unknown[], by: string, path: string): readonly unknown[] {
  let items = [...target];
  for (const item of patch) {
    if (!isObject(item) || !(by in item)) throw unclear(`an item of ${path} has no ${by}`);
    const index = items.findIndex((each) => isObject(each) && each[by] === item[by]);
    if (item["$patch"] === "delete") items = items.filter((_, at) => at !== index);
    else if (index === -1) items.push(strategic({}, item, `${path}[]`));
    else items[index] = strategic(items[index], item, `${path}[]`);
  }
  return items;
}

/** One operation of a JSON patch (RFC 6902); `move` and `copy` are left out. */
function jsonStep(document: unknown, step: unknown): unknown {
  if (!isObject(step) || typeof step["path"] !== "string") throw unclear("a step of the patch has no path");
  const way = step["path"]
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = way.pop();
  const parent = way.reduce<unknown>((at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined), document);
  if (last === undefined || typeof parent !== "object" || parent === null) throw unclear(`there is no ${step["path"]}`);
  const there = Reflect.has(parent, last);
  const { op, value } = step;
  if (op === "test" && !sameValue(Reflect.get(parent, last), value)) throw unclear(`testing value ${step["path"]} failed`);
  else if ((op === "remove" || op === "replace") && !there) throw unclear(`there is no ${step["path"]}`);
  else if (op === "remove") Array.isArray(parent) ? parent.splice(Number(last), 1) : Reflect.deleteProperty(parent, last);
  else if (op === "add" && Array.isArray(parent)) parent.splice(last === "-" ? parent.length : Number(last), 0, value);
  else if (op === "add" || op === "replace") Reflect.set(parent, last, value);
  else if (op !== "test") throw unclear(`it does not do the step ${String(op)}`);
  return document;
}

function unclear(reason: string): Error {
  return sdkErrors["fake-request-unclear"]({ reason });
}
