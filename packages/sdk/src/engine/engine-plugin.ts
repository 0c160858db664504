import type { ChangeHook, CheckHook, CollectHook, HookFilter, HookName, HookOrder, NotifyHook } from "@outrigger/plugin";
import type { HookContext, Refusal } from "./hook-context.ts";
import type { ChangeInputs, CheckInputs, CollectInputs, CollectResults, NotifyInputs } from "./hook-inputs.ts";
import type { RouteHandler } from "./routes.ts";

type Later<Value> = Value | Promise<Value>;

/** Gives the changed input, or nothing where it stays. Throws {@link refuse}'s error to refuse. */
export type ChangeHandler<Name extends ChangeHook> = (
  input: ChangeInputs[Name],
  context: HookContext,
) => Later<ChangeInputs[Name] | undefined>;
export type ValidateHandler<Name extends ChangeHook> = (input: ChangeInputs[Name], context: HookContext) => Later<undefined>;
export type CheckHandler<Name extends CheckHook> = (input: CheckInputs[Name], context: HookContext) => Later<undefined>;
export type CollectHandler<Name extends CollectHook> = (
  input: CollectInputs[Name],
  context: HookContext,
) => Later<CollectResults[Name] | undefined>;
export type NotifyHandler<Name extends NotifyHook> = (input: NotifyInputs[Name], context: HookContext) => Later<undefined>;

interface Placed {
  readonly order?: HookOrder;
  readonly filter?: HookFilter;
}

export type ChangeHookObject<Name extends ChangeHook> = Placed &
  ({ readonly handler: ChangeHandler<Name>; readonly validate?: ValidateHandler<Name> } | { readonly validate: ValidateHandler<Name> });

type ObjectHook<Handler> = Handler | (Placed & { readonly handler: Handler });

/** Every hook of a plug-in: a function, or `{ handler, order, filter }`; hooks that change also take `validate`, run after all changes. */
export type EngineHooks = { readonly [Name in ChangeHook]?: ChangeHandler<Name> | ChangeHookObject<Name> } & {
  readonly [Name in CheckHook]?: ObjectHook<CheckHandler<Name>>;
} & { readonly [Name in CollectHook]?: ObjectHook<CollectHandler<Name>> } & {
  readonly [Name in NotifyHook]?: ObjectHook<NotifyHandler<Name>>;
} & { readonly "api.routes"?: readonly RouteHandler[] };

export interface EnginePlugin {
  readonly name: string;
  readonly hooks: EngineHooks;
  /** Called once, before the first hook, with the settings; and again when they change. */
  readonly setUp?: (context: Pick<HookContext, "settings" | "log">) => Later<undefined>;
}

/**
 * A plug-in of the engine layer, as the default export of its module.
 *
 * @example
 * export default defineEnginePlugin({
 *   name: "no-privileged",
 *   hooks: {
 *     "container.preCreate": {
 *       filter: { doors: ["create", "exec"] },
 *       validate({ body }) {
 *         if (body.HostConfig?.Privileged === true) throw refuse({ code: "privileged", message: "Privileged containers are not allowed here." });
 *       },
 *     },
 *   },
 * });
 */
export function defineEnginePlugin(plugin: EnginePlugin): EnginePlugin {
  return plugin;
}

const brand = "outrigger.refusal";

/** The error with which a handler refuses a request; its words reach the client, after the plug-in's name. */
export class RefusalError extends Error {
  readonly brand: string = brand;
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = "RefusalError";
    this.refusal = refusal;
  }
}

/** Makes a {@link RefusalError}: `throw refuse({ message: "..." })`. */
export function refuse(refusal: Refusal): RefusalError {
  return new RefusalError(refusal);
}

/** True for every RefusalError, also one of another copy of this package. */
export function isRefusal(value: unknown): value is RefusalError {
  return typeof value === "object" && value !== null && "brand" in value && value.brand === brand;
}

/** True where the plug-in handles the hook. */
export function handles(plugin: EnginePlugin, hook: HookName): boolean {
  return plugin.hooks[hook] !== undefined;
}
