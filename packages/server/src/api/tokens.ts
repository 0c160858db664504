import { randomBytes } from "node:crypto";
import { countProblems, type PlainProblem, withoutPosition } from "@outrigger/plugin";
import * as z from "zod";
import { serverErrors } from "../errors.ts";
import { type Database, inTransaction } from "../store/database.ts";
import type { TokenRow } from "../store/tables.ts";
import { findTeam } from "../store/teams.ts";
import { addRoles, deleteToken, listTokens, putToken, rolesOf } from "../store/tokens.ts";
import type { App } from "./app-type.ts";
import { adminTokenId, hashToken } from "./auth.ts";
import { pageOf, pageQuery, toPage } from "./paging.ts";
import { tokenRequest } from "./requests.ts";
import type { Role, TokenResource } from "./resources.ts";
import { newTokenSchema, pageSchema, tokenSchema } from "./schemas.ts";

export function tokenRoutes(app: App): void {
  app.get(
    "/tokens",
    {
      config: { access: "admin-token" },
      schema: {
        summary: "The tokens, without their text",
        querystring: pageQuery,
        response: { 200: pageSchema("TokenPage", tokenSchema) },
      },
    },
    async ({ query }) => {
      const { db } = app.services;
      const cut = pageOf(await listTokens(db, query), query.limit, (row) => row.id);
      const roles = await rolesOf(
        db,
        cut.rows.map((row) => row.id),
      );
      return toPage(
        cut,
        cut.rows.map((row) => view(row, roles.get(row.id))),
      );
    },
  );

  app.post(
    "/tokens",
    { config: { access: "admin-token" }, schema: { summary: "Make a token", body: tokenRequest, response: { 201: newTokenSchema } } },
    async ({ body }, reply) => {
      const { db, clock } = app.services;
      const id = randomBytes(6).toString("hex");
      const text = `outrigger_${id}_${randomBytes(32).toString("base64url")}`;
      const { description, admin, roles } = body;
      const row: TokenRow = { id, hash: hashToken(text), description, admin: admin ? 1 : 0, created_at: clock().toISOString() };
      await inTransaction(db, async (tx) => {
        await checkTeams(tx, Object.keys(roles));
        await putToken(tx, row);
        await addRoles(tx, id, roles);
      });
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({ ...view(row, roles), token: text });
    },
  );

  app.delete(
    "/tokens/:id",
    {
      config: { access: "admin-token" },
      schema: {
        summary: "Delete a token; it stops working at once",
        params: z.object({ id: z.string().max(64) }),
        response: { 204: z.null() },
      },
    },
    async ({ params: { id } }, reply) => {
      if (id === adminTokenId) throw serverErrors["admin-token-kept"]({ id });
      if (!(await deleteToken(app.services.db, id))) throw serverErrors["token-unknown"]({ id });
      return reply.code(204).send(null);
    },
  );
}

async function checkTeams(tx: Database, teams: readonly string[]): Promise<void> {
  const problems: PlainProblem[] = [];
  for (const team of teams) {
    if ((await findTeam(tx, team)) === undefined) {
      problems.push({ path: ["roles", team], code: "unknown-reference", message: `There is no team ${team}.`, found: team });
    }
  }
  if (problems.length === 0) return;
  const count = countProblems(problems.length);
  throw serverErrors["request-invalid"]({ part: "body", count }, { problems: problems.map((problem) => withoutPosition(problem)) });
}

function view(row: TokenRow, roles: Readonly<Record<string, Role>> = {}): TokenResource {
  return { id: row.id, description: row.description, admin: row.admin === 1, roles, createdAt: row.created_at };
}
