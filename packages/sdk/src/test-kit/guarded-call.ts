import { type EnginePluginManifest, type HookFilter, type HookId, hookOf, hookPoints } from "@outrigger/plugin";
import { callPlugin, type PluginCall } from "../engine/call-plugin.ts";
import { describePlugin } from "../engine/describe-plugin.ts";
import type { EnginePlugin } from "../engine/engine-plugin.ts";
import { applyChanges, diffFields, type FieldChange } from "../engine/field-diff.ts";
import { fieldPatterns, forbiddenChanges, visibleInput } from "../engine/field-paths.ts";
import type { CallFacts } from "../engine/hook-context.ts";
import { compileFilter } from "../engine/hook-filter.ts";
import type { HookAnswer } from "../engine/protocol.ts";
import { sdkErrors } from "../errors.ts";
import { isObject } from "../json/is-object.ts";

/** What a plug-in made of a call. */
export interface Guarded {
  /** The input after the plug-in; the very object that was given where nothing changed. */
  readonly input: unknown;
  readonly changes: readonly FieldChange[];
  readonly answer: HookAnswer;
  /** False where the plug-in's filters keep the call from it. */
  readonly called: boolean;
}

/**
 * Calls a hook as the gateway does: with what the plug-in may see, by its filters, and with no more changed than it asks for.
 * @throws hook-not-asked, change-not-allowed, change-unseen, and what {@link callPlugin} throws
 */
export async function guardedCall(plugin: EnginePlugin, manifest: EnginePluginManifest, call: PluginCall): Promise<Guarded> {
  const { hook, input } = call;
  const { hooks, privileges } = manifest.spec.engine;
  const asked = hooks.find((request) => request.hook === hook);
  if (asked === undefined) throw sdkErrors["hook-not-asked"]({ plugin: plugin.name, hook });
  const own = describePlugin(plugin).hooks?.find((described) => described.hook === hook)?.filter;
  const filters: readonly HookFilter[] = [asked.filter, own].filter((filter) => filter !== undefined);
  const wanted = (filters.length === 0 ? [{}] : filters).every((filter) => compileFilter(hook, filter)(input, call.facts));
  if (!wanted) return { input, changes: [], answer: {}, called: false };
  const see = privileges.see === undefined ? undefined : fieldPatterns(privileges.see);
  const seen = deepFreeze(structuredClone(visibleInput(input, see)));
  const facts = factsFor(manifest, call.facts);
  const answer = await callPlugin(plugin, { ...call, input: seen, facts });
  if (hookPoints[hookOf(hook)].kind !== "change" || answer.input === undefined) return { input, changes: [], answer, called: true };
  const changes = diffFields(seen, answer.input);
  const forbidden = forbiddenChanges(changes, fieldPatterns(privileges.change));
  if (forbidden.length > 0) throw sdkErrors["change-not-allowed"]({ plugin: plugin.name, fields: forbidden.join(", ") });
  for (const { op, way } of changes) {
    if (op === "add" && isThere(input, way)) throw sdkErrors["change-unseen"]({ plugin: plugin.name, field: way.join(".") });
  }
  return { input: changes.length === 0 ? input : applyChanges(input, changes), changes, answer, called: true };
}

function factsFor({ spec }: EnginePluginManifest, facts: CallFacts): CallFacts {
  const { see, clientProcess } = spec.engine.privileges;
  const { container, client } = facts;
  const { process: _, ...named } = client ?? { listener: "", user: null };
  const { env: __, ...plain } = container ?? { id: "", name: "", image: "", labels: {} };
  return {
    ...facts,
    client: client === null || clientProcess ? client : named,
    ...(container === undefined || see?.includes("container.env") === true ? {} : { container: plain }),
  };
}

function isThere(value: unknown, way: readonly string[]): boolean {
  const found = way.reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), value);
  return found !== undefined && found !== null;
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

/** True where the plug-in's module handles the hook. */
export function handlesHook(plugin: EnginePlugin, hook: HookId): boolean {
  return describePlugin(plugin).hooks?.some((described) => described.hook === hook) === true;
}
