import { type HookId, type HookName, hookIds, hookOf } from "@outrigger/plugin";
import { type CallFacts, compileFilter, type FieldPatterns, fieldPatterns, secretFields, visibleInput, wantsDoor } from "@outrigger/sdk";
import { deepFreeze } from "./freeze.ts";
import type { Member, MemberHook } from "./member.ts";
import { byHookOrder } from "./order.ts";

/** One plug-in at one hook, made ready: everything about it that does not change from call to call. */
export interface Place extends MemberHook {
  readonly member: Member;
  readonly applies: (input: unknown, facts: Pick<CallFacts, "door" | "container">) => boolean;
  readonly wantsDoor: (door: string | undefined) => boolean;
  /** The input as the plug-in may see it. */
  readonly see: (input: unknown) => unknown;
  readonly seesEnv: boolean;
  readonly change: FieldPatterns;
  /** True where the plug-in may change everything. */
  readonly changesAll: boolean;
}

/** The plug-ins at every hook, in the order in which they are called. */
export function placesOf(members: readonly Member[]): ReadonlyMap<HookId, readonly Place[]> {
  return new Map(
    hookIds.flatMap((hook): (readonly [HookId, readonly Place[]])[] => {
      const places = members.flatMap((member) =>
        member.hooks.filter((asked) => asked.hook === hook).map((asked) => placeOf(member, asked)),
      );
      return places.length === 0 ? [] : [[hook, byHookOrder(places)]];
    }),
  );
}

function placeOf(member: Member, asked: MemberHook): Place {
  const { see, change } = member.privileges;
  const patterns = see === undefined ? undefined : fieldPatterns(see);
  const shares = member.callee.shares;
  const seesAll = see?.includes("*") === true && secretFields.every((field) => see.includes(field));
  return {
    ...asked,
    member,
    applies: compileFilter(asked.hook, asked.filter),
    wantsDoor: (door) => wantsDoor(asked.hook, asked.filter, door),
    see: (input) => {
      const seen = seesAll ? input : visibleInput(input, patterns);
      return shares ? deepFreeze(seen) : seen;
    },
    seesEnv: see?.includes("container.env") === true,
    change: fieldPatterns(change),
    changesAll: change.includes("*"),
  };
}

/** The facts of a call as a plug-in may know them. */
export function visibleFacts(place: Place, facts: CallFacts): CallFacts {
  const { client, container } = facts;
  const hidesProcess = client?.process !== undefined && !place.member.privileges.clientProcess;
  const hidesEnv = container?.env !== undefined && !place.seesEnv;
  if (!hidesProcess && !hidesEnv) return facts;
  return {
    ...facts,
    ...(hidesProcess ? { client: { listener: client.listener, user: client.user } } : {}),
    ...(hidesEnv ? { container: withoutEnv(container) } : {}),
  };
}

function withoutEnv({ env: _, ...rest }: NonNullable<CallFacts["container"]>): NonNullable<CallFacts["container"]> {
  return rest;
}

/** True for `container.preCreate/validate`. */
export function validates(id: HookId): boolean {
  return id !== hookOf(id);
}

/** The id under which a hook's validating plug-ins are found. */
export function validateId(hook: HookName): HookId {
  return `${hook}/validate` as HookId;
}
