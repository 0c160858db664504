import * as z from "zod";
import { viewComponents } from "../applications/view.ts";
import { serverErrors } from "../errors.ts";
import { changeWish, listComponents } from "../store/components.ts";
import { inTransaction } from "../store/database.ts";
import type { App } from "./app-type.ts";
import { applicationOf, componentOf, componentResource } from "./component-views.ts";
import { withEtag } from "./etag-header.ts";
import { pageOf, pageQuery, toPage } from "./paging.ts";
import { applicationParams, componentParams, logQuery } from "./requests.ts";
import { componentStateSchema, pageSchema } from "./schemas.ts";
import { type ServerSentEvent, streamEvents } from "./sse.ts";

export function componentRoutes(app: App): void {
  app.get(
    "/teams/:team/applications/:application/components",
    {
      config: { access: "viewer" },
      schema: {
        summary: "An application's components, with status and installations",
        params: applicationParams,
        querystring: pageQuery,
        response: { 200: pageSchema("ComponentPage", componentStateSchema) },
      },
    },
    async ({ params: { team, application }, query }) => {
      const { services } = app;
      const found = await listComponents(services.db, team, application, query);
      if (found.length === 0) await applicationOf(services, team, application);
      const cut = pageOf(found, query.limit, (row) => row.name);
      return toPage(cut, await viewComponents(services.db, services, team, application, cut.rows));
    },
  );

  app.get(
    "/teams/:team/applications/:application/components/:component",
    { config: { access: "viewer" }, schema: { summary: "A component", params: componentParams, response: { 200: componentStateSchema } } },
    async ({ params }, reply) => withEtag(reply, await componentResource(app.services, params)),
  );

  app.post(
    "/teams/:team/applications/:application/components/:component/restart",
    {
      config: { access: "developer" },
      schema: { summary: "Make the component's pod anew", params: componentParams, response: { 202: componentStateSchema } },
    },
    async ({ params }, reply) => {
      const { db, events, reconciler } = app.services;
      const { wish } = await componentOf(app.services, params);
      if (wish !== "run" && wish !== "restart") throw serverErrors["component-leaving"](params);
      await inTransaction(db, async (tx) => {
        await changeWish(tx, params, "run", "restart");
        const subject = `component:${params.application}/${params.component}`;
        const message = `${params.component} of ${params.application} is to be made anew.`;
        await events.record(tx, { team: params.team, subject, kind: "normal", reason: "restart", message });
      });
      reconciler.notice(params.team, params.application);
      return reply.code(202).send(await componentResource(app.services, params));
    },
  );

  app.get(
    "/teams/:team/applications/:application/components/:component/logs",
    {
      config: { access: "viewer" },
      schema: {
        summary: "Lines of the component's containers, as events `line`",
        params: componentParams,
        querystring: logQuery,
        response: { 200: { content: { "text/event-stream": { schema: z.string() } } } },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      await componentOf(app.services, params);
      const follow = async function* (signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
        const containers = query.container.length === 0 ? {} : { containers: query.container };
        const tail = query.tail === undefined ? {} : { tail: query.tail };
        const replica = query.replica === undefined ? {} : { replica: query.replica };
        const lines = app.services.runtime.logs(params, { ...containers, ...tail, ...replica, follow: query.follow, signal });
        for await (const line of lines) yield { event: "line", data: line };
      };
      await streamEvents(request, reply, app.services.stopping, follow);
      return reply;
    },
  );
}
