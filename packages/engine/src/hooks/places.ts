import { type HookId, type HookName, hookIds, hookOf } from "@outrigger/plugin";
import {
  type CallFacts,
  type Client,
  compileDoors,
  compileMatches,
  compileVisible,
  type FieldPatterns,
  fieldPatterns,
  secretFields,
} from "@outrigger/sdk";
import type { Call } from "./dispatcher.ts";
import { deepFreeze } from "./freeze.ts";
import type { Member, MemberHook } from "./member.ts";
import { byHookOrder } from "./order.ts";

/** One plug-in at one hook, made ready: everything about it that does not change from call to call. */
export interface Place extends MemberHook {
  readonly member: Member;
  readonly wantsDoor: (door: string | undefined) => boolean;
  /** Whether it is called for an input through such a door; undefined: always. */
  readonly matches: ((input: unknown, facts: Pick<CallFacts, "door" | "container">) => boolean) | undefined;
  /** Makes the input as the plug-in may see it; undefined: it sees the very input. */
  readonly see: ((input: unknown) => unknown) | undefined;
  readonly seesEnv: boolean;
  readonly change: FieldPatterns;
  /** True where the plug-in may change everything. */
  readonly changesAll: boolean;
  /** True where it runs in the gateway itself and may see and change everything: nothing has to be kept from it. */
  readonly trusted: boolean;
}

/**
 * The plug-ins at every hook, in the order in which they are called.
 * @param keeps true where traces keep inputs, which then nobody may change in place, however trusted
 */
export function placesOf(members: readonly Member[], keeps: boolean): ReadonlyMap<HookId, readonly Place[]> {
  return new Map(
    hookIds.flatMap((hook): (readonly [HookId, readonly Place[]])[] => {
      const places = members.flatMap((member) =>
        member.hooks.filter((asked) => asked.hook === hook).map((asked) => placeOf(member, asked, keeps)),
      );
      return places.length === 0 ? [] : [[hook, byHookOrder(places)]];
    }),
  );
}

function placeOf(member: Member, asked: MemberHook, keeps: boolean): Place {
  const { see, change } = member.privileges;
  const { shares, handler } = member.callee;
  const seesAll = see?.includes("*") === true && secretFields.every((field) => see.includes(field));
  const changesAll = change.includes("*");
  const trusted = handler !== undefined && seesAll && changesAll;
  const visible = seesAll ? undefined : compileVisible(see === undefined ? undefined : fieldPatterns(see));
  const freezes = shares && (keeps || !trusted);
  return {
    ...asked,
    member,
    matches: compileMatches(asked.filter),
    wantsDoor: compileDoors(asked.hook, asked.filter),
    see: freezes ? (input) => deepFreeze(visible === undefined ? input : visible(input)) : visible,
    seesEnv: see?.includes("container.env") === true,
    change: fieldPatterns(change),
    changesAll,
    trusted,
  };
}

/** What the gateway knows of a call. Its fields are written one by one, since copying the call takes ten times as long. */
export function factsOf(call: Call, client: Client | null): CallFacts {
  const { requestId, apiVersion, door, network, implicit, container } = call;
  const facts: { -readonly [Name in keyof CallFacts]: CallFacts[Name] } = { requestId, client, apiVersion };
  if (door !== undefined) facts.door = door;
  if (network !== undefined) facts.network = network;
  if (implicit !== undefined) facts.implicit = implicit;
  if (container !== undefined) facts.container = container;
  return facts;
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
