import { defineEnginePlugin, type EnginePlugin, type HookContext } from "@outrigger/sdk";

function isOwn(labels: unknown, { client, settings }: HookContext): boolean {
  const label = String(settings["owner"]?.["label"]);
  const value: unknown = Object.hasOwn(Object(labels), label) ? Object(labels)[label] : undefined;
  return typeof client?.user === "string" && value === client.user;
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "routes",
  hooks: {
    "api.routes": [
      {
        method: "GET",
        path: "/outrigger/hello",
        action: "handle",
        handle: ({ version }, { client }) => ({ status: 200, body: { hello: client?.user ?? "stranger", version } }),
      },
      { method: "GET", path: "/images/search", action: "remove" },
      {
        method: "GET",
        path: "/containers/json",
        action: "wrap",
        response(_, response, context) {
          if (response.status !== 200 || !Array.isArray(response.body)) return;
          return { ...response, body: response.body.filter((container) => isOwn(Object(container).Labels, context)) };
        },
      },
      {
        method: "GET",
        path: "/containers/{id:path}/json",
        action: "wrap",
        response({ parameters }, response, context) {
          if (response.status !== 200 || isOwn(Object(Object(response.body).Config).Labels, context)) return;
          return { status: 404, body: { message: `No such container: ${parameters["id"] ?? ""}` } };
        },
      },
    ],
  },
});

export default plugin;
