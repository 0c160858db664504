import type { PodKey } from "@outrigger/pod";
import * as z from "zod";
import { type Asking, applyChange, type Change, configure, install, planChange, uninstall } from "../applications/install.ts";
import { viewRevision } from "../applications/revisions.ts";
import { serverErrors } from "../errors.ts";
import { listRevisions } from "../store/revisions.ts";
import type { App } from "./app-type.ts";
import { authorOf, type Principal } from "./auth.ts";
import { componentResource } from "./component-views.ts";
import { withEtag } from "./etag-header.ts";
import { numberedPageQuery, pageOf, pageQuery, toPage } from "./paging.ts";
import { type ConditionalHeaders, conditionalHeaders, preconditionOf } from "./preconditions.ts";
import { componentParams, dryRunQuery, installationParams, installationPatch, installRequest } from "./requests.ts";
import type { InstallationResource, PlanResource } from "./resources.ts";
import { installationSchema, pageSchema, planSchema, revisionSchema } from "./schemas.ts";

export function installationRoutes(app: App): void {
  const base = "/teams/:team/applications/:application/components/:component/installations";

  app.get(
    base,
    {
      config: { access: "viewer" },
      schema: {
        summary: "The plug-ins on a component, in order of installation",
        params: componentParams,
        querystring: pageQuery,
        response: { 200: pageSchema("InstallationPage", installationSchema) },
      },
    },
    async ({ params, query: { limit, after } }) => {
      const { installations } = await componentResource(app.services, params);
      const start = installations.findIndex(({ plugin }) => plugin === after) + 1;
      const rows = installations.slice(start, start + limit);
      const last = rows.at(-1);
      return toPage({ rows, ...(start + limit < installations.length && last !== undefined && { next: last.plugin }) }, rows);
    },
  );

  app.post(
    base,
    {
      config: { access: "developer" },
      schema: {
        summary: "Install a plug-in on a component",
        params: componentParams,
        querystring: dryRunQuery,
        headers: conditionalHeaders,
        body: installRequest,
        response: { 200: planSchema, 201: installationSchema },
      },
    },
    async ({ params, query: { dryRun }, headers, body, principal }, reply) => {
      const change = install(params, body, asking(headers, body.plugin, principal));
      if (dryRun) return await planChange(app.services, change);
      await applyChange(app.services, change);
      return reply.code(201).send(withEtag(reply, await installationOf(app, params, change.plugin)));
    },
  );

  app.get(
    `${base}/:plugin`,
    {
      config: { access: "viewer" },
      schema: { summary: "An installation", params: installationParams, response: { 200: installationSchema } },
    },
    async ({ params }, reply) => withEtag(reply, await installationOf(app, params, params.plugin)),
  );

  app.patch(
    `${base}/:plugin`,
    {
      config: { access: "developer" },
      schema: {
        summary: "Configure, set version, memory, CPU and mounts, enable, disable",
        params: installationParams,
        querystring: dryRunQuery,
        headers: conditionalHeaders,
        body: installationPatch,
        response: { 200: z.union([installationSchema, planSchema]) },
      },
    },
    async ({ params, query, headers, body, principal }, reply): Promise<InstallationResource | PlanResource> => {
      const change = configure(keyOf(params), params.plugin, body, asking(headers, params.plugin, principal));
      if (query.dryRun) return await planChange(app.services, change);
      await applyChange(app.services, change);
      return withEtag(reply, await installationOf(app, params, params.plugin));
    },
  );

  app.get(
    `${base}/:plugin/revisions`,
    {
      config: { access: "viewer" },
      schema: {
        summary: "The values an installation has had, newest first",
        params: installationParams,
        querystring: numberedPageQuery,
        response: { 200: pageSchema("RevisionPage", revisionSchema) },
      },
    },
    async ({ params, query }) => {
      const { services } = app;
      const found = await listRevisions(services.db, params, params.plugin, query);
      if (found.length === 0) await installationOf(app, params, params.plugin);
      const cut = pageOf(found, query.limit, (row) => String(row.number));
      return toPage(cut, cut.rows.map(viewRevision));
    },
  );

  app.delete(
    `${base}/:plugin`,
    {
      config: { access: "developer" },
      schema: {
        summary: "Uninstall a plug-in",
        params: installationParams,
        querystring: dryRunQuery,
        headers: conditionalHeaders,
        response: { 200: planSchema, 204: z.null() },
      },
    },
    async ({ params, query, headers, principal }, reply) => {
      const change: Change = uninstall(keyOf(params), params.plugin, asking(headers, params.plugin, principal));
      if (query.dryRun) return await planChange(app.services, change);
      await applyChange(app.services, change);
      return reply.code(204).send(null);
    },
  );
}

function asking(headers: ConditionalHeaders, plugin: string, principal: Principal | undefined): Asking {
  return { precondition: preconditionOf(headers, `The installation of ${plugin}`), author: authorOf(principal) };
}

function keyOf({ team, application, component }: PodKey): PodKey {
  return { team, application, component };
}

async function installationOf(app: App, key: PodKey, plugin: string): Promise<InstallationResource> {
  const { installations } = await componentResource(app.services, key);
  const found = installations.find((each) => each.plugin === plugin);
  if (found === undefined) throw serverErrors["installation-unknown"]({ plugin, component: `${key.application}/${key.component}` });
  return found;
}
