import {
  type ChangeHook,
  type CheckHook,
  type CollectHook,
  type HookId,
  type HookName,
  isOutriggerError,
  type NotifyHook,
} from "@outrigger/plugin";
import type { CallFacts, ChangeInputs, CollectResults } from "@outrigger/sdk";
import type { Call, Changed, Collected, Dispatcher, NotifyFailure } from "./dispatcher.ts";
import type { Member } from "./member.ts";
import { type Place, placesOf, validateId } from "./places.ts";
import { pluginRoutes } from "./plugin-routes.ts";
import { readChange, readResult } from "./read-answer.ts";
import type { TraceSink } from "./traces.ts";
import { type Round, reasonOf, turn } from "./turn.ts";

const none: readonly Place[] = [];

/** The dispatcher of one set of plug-ins, which are given in their order. */
export function createDispatcher(members: readonly Member[], traces?: TraceSink): Dispatcher {
  const places = placesOf(members);
  const at = (id: HookId): readonly Place[] => places.get(id) ?? none;

  const begin = async (hook: HookName, asked: readonly Place[], input: unknown, call: Call): Promise<Round> => {
    const { signal: _, client, ...rest } = call;
    const withProcess = asked.some(({ member }) => member.privileges.clientProcess);
    const facts: CallFacts = { ...rest, client: client === null ? null : await client(withProcess) };
    traces?.input(facts.requestId, hook, facts, input);
    return { call, facts, warnings: [], traces };
  };

  const change = async <Name extends ChangeHook>(
    hook: Name,
    input: ChangeInputs[Name],
    call: Call,
  ): Promise<Changed<ChangeInputs[Name]>> => {
    const [changers, validators] = [at(hook), at(validateId(hook))];
    if (!applies(changers, validators, call)) return { input, changedBy: [], warnings: [] };
    const round = await begin(hook, [...changers, ...validators], input, call);
    let current: unknown = input;
    const changedBy: string[] = [];
    for (const place of changers) {
      if (!place.applies(current, call)) continue;
      const before = current;
      current = (await turn(place, before, round, (answer, seen) => readChange(hook, place, before, seen, answer))) ?? before;
      if (current !== before) changedBy.push(place.member.name);
    }
    for (const place of validators) if (place.applies(current, call)) await turn(place, current, round, nothing);
    return { input: current as ChangeInputs[Name], changedBy, warnings: round.warnings };
  };

  const check = async <Name extends CheckHook>(hook: Name, input: unknown, call: Call): Promise<void> => {
    const asked = at(hook).filter((place) => place.applies(input, call));
    if (asked.length === 0) return;
    const round = await begin(hook, asked, input, call);
    for (const place of asked) await turn(place, input, round, nothing);
  };

  const collect = async <Name extends CollectHook>(
    hook: Name,
    input: unknown,
    call: Call,
  ): Promise<readonly Collected<CollectResults[Name]>[]> => {
    const asked = at(hook).filter((place) => place.applies(input, call));
    if (asked.length === 0) return [];
    const round = await begin(hook, asked, input, call);
    const collected: Collected<CollectResults[Name]>[] = [];
    for (const place of asked) {
      const result = await turn(place, input, round, (answer) => readResult(hook, place, answer));
      if (result !== undefined) collected.push({ plugin: place.member.name, result: result as CollectResults[Name] });
    }
    return collected;
  };

  const notify = async <Name extends NotifyHook>(hook: Name, input: unknown, call: Call): Promise<readonly NotifyFailure[]> => {
    const asked = at(hook).filter((place) => place.applies(input, call));
    if (asked.length === 0) return [];
    const round = await begin(hook, asked, input, call);
    const failures: NotifyFailure[] = [];
    for (const place of asked) {
      try {
        await turn(place, input, round, nothing);
      } catch (error) {
        if (isOutriggerError(error) && error.code === "client-gone") throw error;
        failures.push({ plugin: place.member.name, message: reasonOf(error) });
      }
    }
    return failures;
  };

  return {
    wants: (hook, facts) => [hook, validateId(hook)].some((id) => at(id).some((place) => place.wantsDoor(facts?.door))),
    change,
    check,
    collect,
    notify,
    routes: pluginRoutes(at("api.routes"), traces),
  };
}

const nothing = (): { readonly result: undefined; readonly changes: readonly [] } => ({ result: undefined, changes: [] });

/** True where a filter may let somebody through; what a plug-in makes of the input can still decide otherwise. */
function applies(changers: readonly Place[], validators: readonly Place[], { door }: Call): boolean {
  return changers.some((place) => place.wantsDoor(door)) || validators.some((place) => place.wantsDoor(door));
}
