import { isFixed, type PluginManifest } from "@outrigger/plugin";
import * as z from "zod";
import { serverErrors } from "../errors.ts";
import { forgetImages } from "../image-names.ts";
import { manifestPrivileges, writeConfig, writeManifest } from "../plugins/write-manifest.ts";
import { inTransaction } from "../store/database.ts";
import { usersOf } from "../store/installations.ts";
import { deleteVersion, findPlugin, findVersion, listVersions } from "../store/plugins.ts";
import type { VersionRow } from "../store/tables.ts";
import { versionRank } from "../version-rank.ts";
import type { App } from "./app-type.ts";
import { withEtag } from "./etag-header.ts";
import { pageOf, pageQuery, toPage } from "./paging.ts";
import { describeUsers } from "./plugins.ts";
import { conditionalHeaders, preconditionOf } from "./preconditions.ts";
import { configRequest, pluginParams, versionParams } from "./requests.ts";
import type { VersionResource } from "./resources.ts";
import { configGroupSchema, manifestSchema, pageSchema, versionSchema } from "./schemas.ts";

export function versionRoutes(app: App): void {
  app.get(
    "/teams/:team/plugins/:plugin/versions",
    {
      config: { access: "viewer" },
      schema: {
        summary: "A plug-in's versions, newest first",
        params: pluginParams,
        querystring: pageQuery,
        response: { 200: pageSchema("PluginVersionPage", versionSchema) },
      },
    },
    async ({ params: { team, plugin }, query }) => {
      const { db } = app.services;
      if ((await findPlugin(db, team, plugin)) === undefined) throw serverErrors["plugin-unknown"]({ plugin });
      const after = query.after === undefined ? undefined : versionRank(query.after);
      const cut = pageOf(await listVersions(db, team, plugin, { limit: query.limit, after }), query.limit, (row) => row.version);
      return toPage(cut, cut.rows.map(viewVersion));
    },
  );

  app.get(
    "/teams/:team/plugins/:plugin/versions/:version",
    { config: { access: "viewer" }, schema: { summary: "A version", params: versionParams, response: { 200: versionSchema } } },
    async ({ params }, reply) => withEtag(reply, viewVersion(await versionOf(app, params))),
  );

  app.put(
    "/teams/:team/plugins/:plugin/versions/:version",
    {
      config: { access: "developer" },
      schema: {
        summary: "Make or change a draft; refused once it is built",
        params: versionParams,
        headers: conditionalHeaders,
        body: manifestSchema,
        response: { 200: versionSchema, 201: versionSchema },
      },
    },
    async ({ params, headers, body }, reply) => {
      const { name, version } = body.metadata;
      const expected = `${params.plugin}@${params.version}`;
      if (`${name}@${version}` !== expected) throw serverErrors["manifest-misplaced"]({ found: `${name}@${version}`, expected });
      const { row, created } = await writeManifest(app.services, params.team, body, preconditionOf(headers, expected));
      return reply.code(created ? 201 : 200).send(withEtag(reply, viewVersion(row)));
    },
  );

  app.delete(
    "/teams/:team/plugins/:plugin/versions/:version",
    {
      config: { access: "developer" },
      schema: {
        summary: "Delete a version; refused while it is installed or being built",
        params: versionParams,
        headers: conditionalHeaders,
        response: { 204: z.null() },
      },
    },
    async ({ params, headers }, reply) => {
      const name = `${params.plugin}@${params.version}`;
      await inTransaction(app.services.db, async (tx) => {
        const row = await findVersion(tx, params);
        if (row === undefined) throw serverErrors["version-unknown"](params);
        preconditionOf(headers, name)(row);
        if (row.state === "building") throw serverErrors["plugin-busy"](params);
        const { count, names } = await usersOf(tx, params);
        if (count > 0) throw serverErrors["version-in-use"]({ ...params, users: describeUsers(count, names) });
        await deleteVersion(tx, params);
        const event = { team: params.team, subject: `plugin:${name}`, kind: "normal" as const, reason: "deleted" };
        await app.services.events.record(tx, { ...event, message: `The version ${name} is deleted.` });
      });
      await forgetImages(app.services, [params]);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/teams/:team/plugins/:plugin/versions/:version/config",
    {
      config: { access: "viewer" },
      schema: { summary: "A version's config groups", params: versionParams, response: { 200: z.array(configGroupSchema) } },
    },
    async ({ params }, reply) => {
      const { config, etag } = viewVersion(await versionOf(app, params));
      reply.header("etag", `"${etag}"`);
      return [...config];
    },
  );

  app.put(
    "/teams/:team/plugins/:plugin/versions/:version/config",
    {
      config: { access: "developer" },
      schema: {
        summary: "Change the config groups of a draft; refused once it is built",
        params: versionParams,
        headers: conditionalHeaders,
        body: configRequest,
        response: { 200: z.array(configGroupSchema) },
      },
    },
    async ({ params, headers, body }, reply) => {
      const precondition = preconditionOf(headers, `${params.plugin}@${params.version}`);
      const { config } = withEtag(reply, viewVersion(await writeConfig(app.services, params, body, precondition)));
      return [...config];
    },
  );
}

async function versionOf(app: App, key: { readonly team: string; readonly plugin: string; readonly version: string }): Promise<VersionRow> {
  const row = await findVersion(app.services.db, key);
  if (row === undefined) throw serverErrors["version-unknown"](key);
  return row;
}

/** A version as the API shows it. */
export function viewVersion(row: VersionRow): VersionResource {
  const manifest = JSON.parse(row.manifest) as PluginManifest;
  return {
    plugin: row.plugin,
    version: row.version,
    state: row.state,
    fixed: isFixed(row.state),
    manifest,
    config: manifest.spec.config,
    privileges: manifestPrivileges(manifest),
    ...(row.image === null ? {} : { image: row.image }),
    ...(row.image_digest === null ? {} : { imageDigest: row.image_digest }),
    ...(row.digest === null ? {} : { digest: row.digest }),
    ...(row.context_digest === null ? {} : { contextDigest: row.context_digest }),
    ...(row.last_build === null ? {} : { lastBuild: row.last_build }),
    createdAt: row.created_at,
    etag: row.etag,
  };
}
