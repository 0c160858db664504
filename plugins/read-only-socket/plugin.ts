import { defineEnginePlugin, type EnginePlugin, type HookContext, type RouteHandler, refuse } from "@outrigger/sdk";
import { hideForeign, showsVariables, withLabelFilter, withoutVariables } from "./privacy.ts";
import { missingSwitches } from "./sections.ts";

/** With a label, only these say which container they are about soon enough to be limited to it. */
const limitable: readonly string[] = ["container.list", "container.inspect"];

function labelOf({ settings }: Pick<HookContext, "settings">): string {
  return String(settings["privacy"]?.["only_label"] ?? "");
}

function scrubs({ settings }: HookContext): boolean {
  return settings["privacy"]?.["scrub_variables"] !== false;
}

/** Leaves the variables out of a successful answer. */
function scrub(path: string): RouteHandler {
  return {
    method: "GET",
    path,
    action: "wrap",
    response: (_, response, context) =>
      scrubs(context) && response.status === 200 ? { ...response, body: withoutVariables(response.body) } : undefined,
  };
}

/** Has the engine leave out what has not the label. */
function limit(path: string): RouteHandler {
  return {
    method: "GET",
    path,
    action: "wrap",
    request: (request, context) => (labelOf(context) === "" ? undefined : withLabelFilter(request, labelOf(context))),
  };
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "read-only-socket",
  hooks: {
    "api.request"({ route, method, path, query }, context) {
      const missing = missingSwitches(route, method, context.settings["sections"] ?? {});
      if (missing === undefined) throw refuse({ code: "unknown-route", message: `${method} ${path} is closed here.` });
      if (missing.length > 0) {
        const message = `${method} ${path} is closed here.`;
        throw refuse({ code: "closed", message, hint: `It needs ${missing.join(" and ")}.` });
      }
      if (labelOf(context) !== "" && route !== null && /^(container|exec|checkpoint)\./.test(route) && !limitable.includes(route)) {
        throw refuse({
          code: "only-label",
          message: `${route} is closed here, since it can't be limited to containers with the label ${labelOf(context)}.`,
        });
      }
      if (route === "container.top" && scrubs(context) && showsVariables(query)) {
        throw refuse({ code: "variables", message: "These arguments of ps may show variables.", hint: "Leave ps_args out, or use aux." });
      }
    },
    "api.routes": [
      limit("/containers/json"),
      limit("/events"),
      {
        method: "GET",
        path: "/containers/{id:path}/json",
        action: "wrap",
        response(request, response, context) {
          if (response.status !== 200) return;
          const shown = labelOf(context) === "" ? response : hideForeign(request, response, labelOf(context));
          return scrubs(context) ? { ...shown, body: withoutVariables(shown.body) } : shown;
        },
      },
      scrub("/services"),
      scrub("/services/{id:path}"),
      scrub("/tasks"),
      scrub("/tasks/{id:path}"),
    ],
  },
});

export default plugin;
