import {
  type ChangeHook,
  type CheckHook,
  type CollectHook,
  type HookId,
  type HookName,
  isChangeHook,
  type NotifyHook,
} from "@outrigger/plugin";
import type { ChangeInputs, CollectResults, Door } from "@outrigger/sdk";
import type { Call, Changed, Collected, Dispatcher, NotifyFailure } from "./dispatcher.ts";
import type { Member } from "./member.ts";
import { type Place, placesOf, validateId } from "./places.ts";
import { pluginRoutes } from "./plugin-routes.ts";
import { isCalled, type Plan, Round } from "./round.ts";
import { changeStep, collectStep, plainStep } from "./steps.ts";
import type { TraceSink } from "./traces.ts";

/** The dispatcher of one set of plug-ins, which are given in their order. */
export function createDispatcher(members: readonly Member[], traces?: TraceSink): Dispatcher {
  const places = placesOf(members, traces !== undefined);
  const at = (id: HookId): readonly Place[] => places.get(id) ?? none;

  const changes = plansBy((hook: ChangeHook, door) => ({
    hook,
    steps: [
      ...through(door, at(hook)).map((place) => changeStep(hook, place)),
      ...through(door, at(validateId(hook))).map((place) => plainStep(place)),
    ],
    result: ({ input, gathered, warnings }): Changed<unknown> => ({ input, changedBy: gathered as readonly string[], warnings }),
    tolerant: false,
  }));
  const checks = plansBy((hook: CheckHook) => ({ hook, steps: at(hook).map(plainStep), result: () => undefined, tolerant: false }));
  const collections = plansBy((hook: CollectHook) => ({
    hook,
    steps: at(hook).map((place) => collectStep(hook, place)),
    result: ({ gathered }) => gathered,
    tolerant: false,
  }));
  const notices = plansBy((hook: NotifyHook) => ({
    hook,
    steps: at(hook).map(plainStep),
    result: ({ gathered }) => gathered as readonly NotifyFailure[],
    tolerant: true,
  }));

  const run = <Result>(plan: Plan<Result>, input: unknown, call: Call): Promise<Result> => {
    const round = new Round(plan, input, call, traces);
    if (call.client === null) return round.run(null);
    return call.client(wantsProcess(plan, input, call)).then((client) => round.run(client));
  };
  const isAny = ({ steps }: Plan<unknown>, input: unknown, call: Call): boolean => steps.some((step) => isCalled(step, input, call));

  return {
    wants: (hook, facts) => [hook, validateId(hook)].some((id) => at(id).some((place) => place.wantsDoor(facts?.door))),
    change: <Name extends ChangeHook>(hook: Name, input: ChangeInputs[Name], call: Call): Promise<Changed<ChangeInputs[Name]>> => {
      const plan = changes(hook, call.door);
      if (plan.steps.length === 0) return Promise.resolve({ input, changedBy: [], warnings: [] });
      return run(plan, input, call) as Promise<Changed<ChangeInputs[Name]>>;
    },
    check: async (hook, input, call) => {
      const plan = checks(hook, undefined);
      if (isAny(plan, input, call)) await run(plan, input, call);
    },
    collect: async <Name extends CollectHook>(hook: Name, input: unknown, call: Call) => {
      const plan = collections(hook, undefined);
      return isAny(plan, input, call) ? ((await run(plan, input, call)) as readonly Collected<CollectResults[Name]>[]) : [];
    },
    notify: async (hook, input, call) => {
      const plan = notices(hook, undefined);
      return isAny(plan, input, call) ? await run(plan, input, call) : [];
    },
    routes: pluginRoutes(at("api.routes"), traces),
  };
}

const none: readonly Place[] = [];

function through(door: Door | undefined, places: readonly Place[]): readonly Place[] {
  return places.filter((place) => place.wantsDoor(door));
}

/** The plan of each hook point and door, made when it is first asked for and kept. */
function plansBy<Name extends HookName, Result>(
  make: (hook: Name, door: Door | undefined) => Plan<Result>,
): (hook: Name, door: Door | undefined) => Plan<Result> {
  const byHook = new Map<Name, Map<Door | undefined, Plan<Result>>>();
  return (hook, door) => {
    const known = byHook.get(hook)?.get(door);
    if (known !== undefined) return known;
    const byDoor = byHook.get(hook) ?? new Map<Door | undefined, Plan<Result>>();
    const plan = make(hook, door);
    byHook.set(hook, byDoor.set(door, plan));
    return plan;
  };
}

/** Looking for the client's process takes its time: only for plug-ins that may know it and are likely called. */
function wantsProcess({ steps, hook }: Plan<unknown>, input: unknown, call: Call): boolean {
  const fixed = !isChangeHook(hook);
  return steps.some((step) => step.place.member.privileges.clientProcess && (!fixed || isCalled(step, input, call)));
}
