import * as z from "zod";
import { serverErrors } from "../errors.ts";
import { forgetImages } from "../image-names.ts";
import { writeManifest } from "../plugins/write-manifest.ts";
import { inTransaction } from "../store/database.ts";
import { usersOf } from "../store/installations.ts";
import { deletePlugin, findPlugin, listPlugins, versionsOf } from "../store/plugins.ts";
import type { PluginRow } from "../store/tables.ts";
import type { App } from "./app-type.ts";
import { withEtag } from "./etag-header.ts";
import { pageOf, pageQuery, toPage } from "./paging.ts";
import { pluginParams, teamParams } from "./requests.ts";
import type { PluginResource } from "./resources.ts";
import { manifestSchema, pageSchema, pluginSchema, versionSchema } from "./schemas.ts";
import { viewVersion } from "./versions.ts";

export function pluginRoutes(app: App): void {
  app.get(
    "/teams/:team/plugins",
    {
      config: { access: "viewer" },
      schema: {
        summary: "The team's plug-ins",
        params: teamParams,
        querystring: pageQuery,
        response: { 200: pageSchema("PluginPage", pluginSchema) },
      },
    },
    async ({ params: { team }, query }) => {
      const { db } = app.services;
      const cut = pageOf(await listPlugins(db, team, query), query.limit, (row) => row.name);
      const versions = await versionsOf(
        db,
        team,
        cut.rows.map((row) => row.name),
      );
      return toPage(
        cut,
        cut.rows.map((row) => view(row, versions.get(row.name))),
      );
    },
  );

  app.post(
    "/teams/:team/plugins",
    {
      config: { access: "developer" },
      schema: {
        summary: "Send a manifest: makes the plug-in and a draft version, or changes the draft",
        params: teamParams,
        body: manifestSchema,
        response: { 200: versionSchema, 201: versionSchema },
      },
    },
    async ({ params: { team }, body }, reply) => {
      const { row, created } = await writeManifest(app.services, team, body);
      return reply.code(created ? 201 : 200).send(withEtag(reply, viewVersion(row)));
    },
  );

  app.get(
    "/teams/:team/plugins/:plugin",
    { config: { access: "viewer" }, schema: { summary: "A plug-in", params: pluginParams, response: { 200: pluginSchema } } },
    async ({ params: { team, plugin } }) => {
      const { db } = app.services;
      const row = await findPlugin(db, team, plugin);
      if (row === undefined) throw serverErrors["plugin-unknown"]({ plugin });
      return view(row, (await versionsOf(db, team, [plugin])).get(plugin));
    },
  );

  app.delete(
    "/teams/:team/plugins/:plugin",
    {
      config: { access: "developer" },
      schema: {
        summary: "Delete a plug-in with its versions; refused while it is installed",
        params: pluginParams,
        response: { 204: z.null() },
      },
    },
    async ({ params: { team, plugin } }, reply) => {
      const gone = await inTransaction(app.services.db, async (tx) => {
        if ((await findPlugin(tx, team, plugin)) === undefined) throw serverErrors["plugin-unknown"]({ plugin });
        const { count, names } = await usersOf(tx, { team, plugin });
        if (count > 0) throw serverErrors["plugin-in-use"]({ plugin, users: describeUsers(count, names) });
        const versions = (await versionsOf(tx, team, [plugin])).get(plugin) ?? [];
        const busy = versions.find(({ state }) => state === "building");
        if (busy !== undefined) throw serverErrors["plugin-busy"]({ plugin, version: busy.version });
        await deletePlugin(tx, team, plugin);
        const message = `The plug-in ${plugin} is deleted.`;
        await app.services.events.record(tx, { team, subject: `plugin:${plugin}`, kind: "normal", reason: "deleted", message });
        return versions.map(({ version }) => ({ team, plugin, version }));
      });
      await forgetImages(app.services, gone);
      return reply.code(204).send(null);
    },
  );
}

/** `shop/web, shop/api and 3 more`. */
export function describeUsers(count: number, names: readonly string[]): string {
  return count > names.length ? `${names.join(", ")} and ${count - names.length} more` : names.join(", ");
}

function view(row: PluginRow, versions: PluginResource["versions"] = []): PluginResource {
  const { team, name, layer, display_name: displayName, description, created_at: createdAt } = row;
  return { team, name, layer, displayName, description, versions: versions.map(({ version, state }) => ({ version, state })), createdAt };
}
