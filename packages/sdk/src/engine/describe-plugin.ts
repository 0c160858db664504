import { type HookFilter, type HookId, type HookOrder, hookIds } from "@outrigger/plugin";
import { sdkErrors } from "../errors.ts";
import { isObject } from "../json/is-object.ts";
import { handlerOf } from "./call-plugin.ts";
import type { EnginePlugin } from "./engine-plugin.ts";
import type { PluginDescription, RouteDescription } from "./protocol.ts";
import type { RouteHandler } from "./routes.ts";

interface Placed {
  readonly order?: HookOrder;
  readonly filter?: HookFilter;
}

/** What a plug-in's module says of itself. */
export function describePlugin(plugin: EnginePlugin): PluginDescription {
  const routes = plugin.hooks["api.routes"];
  return {
    name: plugin.name,
    hooks: hookIds
      .filter((id) => (id === "api.routes" ? routes !== undefined : handlerOf(plugin, id) !== undefined))
      .map((id) => describeHook(plugin, id)),
    ...(routes === undefined ? {} : { routes: routes.map(describeRoute) }),
  };
}

function describeHook(plugin: EnginePlugin, id: HookId): { readonly hook: HookId } & Placed {
  const hook: unknown = plugin.hooks[id.replace(/\/validate$/, "") as keyof typeof plugin.hooks];
  const { order, filter }: Placed = isObject(hook) ? hook : {};
  return { hook: id, ...(order === undefined ? {} : { order }), ...(filter === undefined ? {} : { filter }) };
}

function describeRoute(route: RouteHandler): RouteDescription {
  const { method, path, versions, action } = route;
  const sides = route.action === "wrap" ? (["request", "response"] as const).filter((side) => route[side] !== undefined) : [];
  return { method, path, action, ...(versions === undefined ? {} : { versions }), ...(route.action === "wrap" ? { wraps: sides } : {}) };
}

/** What a module exports as its default, when it is a plug-in. @throws module-invalid */
export function pluginOf(module: unknown, file: string): EnginePlugin {
  const plugin = isObject(module) ? module["default"] : undefined;
  if (!isObject(plugin)) throw sdkErrors["module-invalid"]({ file, reason: "it has no default export" });
  if (typeof plugin["name"] !== "string") throw sdkErrors["module-invalid"]({ file, reason: "its default export has no name" });
  const hooks = plugin["hooks"];
  if (!isObject(hooks)) throw sdkErrors["module-invalid"]({ file, reason: "its default export has no hooks" });
  const strange = Object.keys(hooks).find((name) => !hookIds.includes(name as HookId) || name.endsWith("/validate"));
  if (strange !== undefined) throw sdkErrors["module-invalid"]({ file, reason: `there is no hook ${JSON.stringify(strange)}` });
  return plugin as unknown as EnginePlugin;
}
