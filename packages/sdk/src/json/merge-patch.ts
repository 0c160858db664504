import { isObject } from "./is-object.ts";

/** Carries out a JSON merge patch (RFC 7396): `null` removes, objects are merged, everything else replaces. The target stays as it is. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const old = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) old.delete(key);
    else old.set(key, mergePatch(old.get(key), value));
  }
  return Object.fromEntries(old);
}
