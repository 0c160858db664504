import type { CollectHook } from "@outrigger/plugin";
import { applyChanges, diffFields, type FieldChange, forbiddenChanges, type HookAnswer, isObject, mergePatch } from "@outrigger/sdk";
import { checkResult, fault } from "./answers.ts";
import type { Place } from "./places.ts";

/** What the input is after a plug-in's answer, and what the plug-in changed. */
export interface ReadChange {
  readonly input: unknown;
  readonly changes: readonly FieldChange[];
}

/**
 * What the input is after a plug-in's answer. Where nothing changed it is the very object that went in.
 * Parts that the plug-in did not see are kept.
 * @throws plugin-fault for changes that it may not make
 */
export function readChange(place: Place, full: unknown, seen: unknown, answer: HookAnswer): ReadChange {
  const after = answer.input ?? (answer.change === undefined ? seen : mergePatch(seen, answer.change));
  const changes = diffFields(seen, after);
  if (changes.length === 0) return { input: full, changes };
  if (!place.changesAll) {
    const forbidden = forbiddenChanges(changes, place.change);
    if (forbidden.length > 0) throw fault(`it changed what it has no privilege to change: ${forbidden.join(", ")}`);
  }
  const input = seen === full ? after : applyChanges(full, unseen(full, changes));
  return { input, changes };
}

/** A plug-in that puts something where it sees nothing would overwrite what is there. */
function unseen(full: unknown, changes: readonly FieldChange[]): readonly FieldChange[] {
  for (const { op, way } of changes) {
    if (op !== "add") continue;
    const there = way.reduce<unknown>((value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined), full);
    if (there === undefined || there === null) continue;
    throw fault(`it changed ${way.join(".")}, which is set and which it has no privilege to see`);
  }
  return changes;
}

/** What a plug-in adds at a hook point that collects. @throws plugin-fault */
export function readResult(hook: CollectHook, place: Place, answer: HookAnswer): unknown {
  const result = answer.result ?? {};
  checkResult(hook, result);
  if (
    hook === "daemon.preStart" &&
    !place.member.privileges.helpers &&
    isObject(result) &&
    Array.isArray(result["helpers"]) &&
    result["helpers"].length > 0
  ) {
    throw fault("it wants to start helpers and has no privilege for it");
  }
  return result;
}
