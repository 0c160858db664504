import * as z from "zod";
import { serverErrors } from "../errors.ts";
import { type Database, inTransaction } from "../store/database.ts";
import { newEtag } from "../store/etag.ts";
import type { TeamRow } from "../store/tables.ts";
import { deleteTeam, findTeam, insertTeam, listTeams, teamHolds, updateTeam } from "../store/teams.ts";
import type { App } from "./app-type.ts";
import { withEtag } from "./etag-header.ts";
import { pageOf, pageQuery, toPage } from "./paging.ts";
import { conditionalHeaders, preconditionOf } from "./preconditions.ts";
import { teamParams, teamPatch, teamRequest } from "./requests.ts";
import type { TeamResource } from "./resources.ts";
import { pageSchema, teamSchema } from "./schemas.ts";

/** The team that is always there. */
export const defaultTeam = "default";

export function teamRoutes(app: App): void {
  const page = pageSchema("TeamPage", teamSchema);

  app.get(
    "/teams",
    {
      config: { access: "token" },
      schema: { summary: "The teams that the token reaches", querystring: pageQuery, response: { 200: page } },
    },
    async ({ query, principal }) => {
      const found = await listTeams(app.services.db, query, principal?.admin === true ? undefined : principal?.token);
      const cut = pageOf(found, query.limit, (row) => row.name);
      return toPage(cut, cut.rows.map(view));
    },
  );

  app.post(
    "/teams",
    { config: { access: "admin-token" }, schema: { summary: "Make a team", body: teamRequest, response: { 201: teamSchema } } },
    async ({ body: { name, allow } }, reply) => {
      const { db, clock } = app.services;
      const row: TeamRow = { name, allow: JSON.stringify(allow), created_at: clock().toISOString(), etag: newEtag() };
      if (!(await insertTeam(db, row))) throw serverErrors["team-exists"]({ team: name });
      return reply.code(201).send(withEtag(reply, view(row)));
    },
  );

  app.get(
    "/teams/:team",
    { config: { access: "viewer" }, schema: { summary: "A team", params: teamParams, response: { 200: teamSchema } } },
    async ({ params }, reply) => withEtag(reply, view(await teamOf(app.services.db, params.team))),
  );

  app.patch(
    "/teams/:team",
    {
      config: { access: "admin-token" },
      schema: {
        summary: "Say which privileges installations may use",
        params: teamParams,
        headers: conditionalHeaders,
        body: teamPatch,
        response: { 200: teamSchema },
      },
    },
    async ({ params: { team }, headers, body }, reply) => {
      const row = await inTransaction(app.services.db, async (tx) => {
        preconditionOf(headers, `The team ${team}`)(await teamOf(tx, team));
        await updateTeam(tx, team, { allow: JSON.stringify([...new Set(body.allow)].sort()), etag: newEtag() });
        return await teamOf(tx, team);
      });
      return withEtag(reply, view(row));
    },
  );

  app.delete(
    "/teams/:team",
    {
      config: { access: "admin-token" },
      schema: { summary: "Delete an empty team", params: teamParams, headers: conditionalHeaders, response: { 204: z.null() } },
    },
    async ({ params: { team }, headers }, reply) => {
      await inTransaction(app.services.db, async (tx) => {
        preconditionOf(headers, `The team ${team}`)(await teamOf(tx, team));
        const what = team === defaultTeam ? "the task of being the default" : await teamHolds(tx, team);
        if (what !== undefined) throw serverErrors["team-in-use"]({ team, what });
        await deleteTeam(tx, team);
      });
      return reply.code(204).send(null);
    },
  );
}

async function teamOf(db: Database, team: string): Promise<TeamRow> {
  const row = await findTeam(db, team);
  if (row === undefined) throw serverErrors["team-unknown"]({ team });
  return row;
}

function view(row: TeamRow): TeamResource {
  return { name: row.name, allow: JSON.parse(row.allow), createdAt: row.created_at, etag: row.etag };
}
