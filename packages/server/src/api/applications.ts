import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { applyApplication, deleteApplication, planApplication } from "../applications/apply.ts";
import { viewApplications } from "../applications/view.ts";
import { statusTopic } from "../reconciler.ts";
import { findApplication, listApplications } from "../store/applications.ts";
import type { App } from "./app-type.ts";
import { authorOf } from "./auth.ts";
import { allComponents, applicationOf } from "./component-views.ts";
import { withEtag } from "./etag-header.ts";
import { pageOf, pageQuery, toPage } from "./paging.ts";
import { conditionalHeaders, preconditionOf } from "./preconditions.ts";
import { applicationParams, applicationRequest, dryRunQuery, teamParams, volumesQuery } from "./requests.ts";
import type { ApplicationResource } from "./resources.ts";
import { applicationSchema, componentStateSchema, pageSchema, planSchema } from "./schemas.ts";
import { type ServerSentEvent, streamEvents, wantsEvents } from "./sse.ts";

export function applicationRoutes(app: App): void {
  app.get(
    "/teams/:team/applications",
    {
      config: { access: "viewer" },
      schema: {
        summary: "The team's applications",
        params: teamParams,
        querystring: pageQuery,
        response: { 200: pageSchema("ApplicationPage", applicationSchema) },
      },
    },
    async ({ params: { team }, query }) => {
      const { services } = app;
      const cut = pageOf(await listApplications(services.db, team, query), query.limit, (row) => row.name);
      return toPage(cut, await viewApplications(services.db, services, team, cut.rows));
    },
  );

  app.get(
    "/teams/:team/applications/:application",
    {
      config: { access: "viewer" },
      schema: { summary: "An application", params: applicationParams, response: { 200: applicationSchema } },
    },
    async ({ params: { team, application } }, reply) => withEtag(reply, await view(app, team, application)),
  );

  app.put(
    "/teams/:team/applications/:application",
    {
      config: { access: "developer" },
      schema: {
        summary: "Say what the application shall run; all of it, or nothing where there is a problem",
        params: applicationParams,
        querystring: dryRunQuery,
        headers: conditionalHeaders,
        body: applicationRequest,
        response: { 200: z.union([applicationSchema, planSchema]), 201: applicationSchema },
      },
    },
    async ({ params: { team, application }, query: { dryRun }, headers, body: { components }, principal }, reply) => {
      const write = {
        team,
        application,
        components,
        author: authorOf(principal),
        precondition: preconditionOf(headers, `The application ${application}`),
      };
      if (dryRun) return await planApplication(app.services, write);
      const { created } = await applyApplication(app.services, write);
      return reply.code(created ? 201 : 200).send(withEtag(reply, await view(app, team, application)));
    },
  );

  app.delete(
    "/teams/:team/applications/:application",
    {
      config: { access: "developer" },
      schema: {
        summary: "Remove an application; it is gone (404) when its pods are",
        params: applicationParams,
        querystring: volumesQuery,
        headers: conditionalHeaders,
        response: { 202: z.null() },
      },
    },
    async ({ params: { team, application }, query: { volumes }, headers }, reply) => {
      const precondition = preconditionOf(headers, `The application ${application}`);
      await deleteApplication(app.services, { team, application, precondition }, volumes);
      return reply.code(202).send(null);
    },
  );

  app.get(
    "/teams/:team/applications/:application/status",
    {
      config: { access: "viewer" },
      schema: {
        summary: "How the components fare: now, or as events `status` and `gone` at each change",
        params: applicationParams,
        response: {
          200: {
            content: { "application/json": { schema: z.array(componentStateSchema) }, "text/event-stream": { schema: z.string() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { team, application } = request.params;
      await applicationOf(app.services, team, application);
      if (!wantsEvents(request)) return reply.send([...(await allComponents(app.services, team, application))]);
      await streamEvents(request, reply, app.services.stopping, (signal) => followStatus(app, team, application, signal));
      return reply;
    },
  );
}

const restMs = 100;

/** Every component at first, then those that fare otherwise than told last. */
async function* followStatus(app: App, team: string, application: string, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  const news = app.services.bell.listen(statusTopic(team, application), signal);
  const told = new Map<string, string>();
  do {
    const components = await allComponents(app.services, team, application);
    for (const component of components) {
      const text = JSON.stringify(component);
      if (told.get(component.name) !== text) yield { event: "status", data: component };
      told.set(component.name, text);
    }
    const names = new Set(components.map(({ name }) => name));
    for (const name of [...told.keys()].filter((each) => !names.has(each))) {
      told.delete(name);
      yield { event: "gone", data: { name } };
    }
    if ((await findApplication(app.services.db, team, application)) === undefined) return;
    // Several changes at once make one pass.
    await sleep(restMs, undefined, { signal }).catch(() => undefined);
  } while (await news.next());
}

async function view(app: App, team: string, application: string): Promise<ApplicationResource> {
  const row = await applicationOf(app.services, team, application);
  const [resource] = await viewApplications(app.services.db, app.services, team, [row]);
  return resource ?? { team, name: row.name, components: [], createdAt: row.created_at, etag: row.etag };
}
