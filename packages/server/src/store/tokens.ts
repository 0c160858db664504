import type { Role } from "../api/resources.ts";
import type { Database } from "./database.ts";
import type { TokenRow } from "./tables.ts";
import type { PageRequest } from "./teams.ts";

/** Writes the token, in place of an earlier one with the same id. */
export async function putToken(db: Database, token: TokenRow): Promise<void> {
  const { id, ...rest } = token;
  await db
    .insertInto("tokens")
    .values(token)
    .onConflict((conflict) => conflict.column("id").doUpdateSet(rest))
    .execute();
  await db.deleteFrom("token_roles").where("token", "=", id).execute();
}

export async function addRoles(db: Database, token: string, roles: Readonly<Record<string, Role>>): Promise<void> {
  const rows = Object.entries(roles).map(([team, role]) => ({ token, team, role }));
  if (rows.length > 0) await db.insertInto("token_roles").values(rows).execute();
}

export function findToken(db: Database, id: string): Promise<TokenRow | undefined> {
  return db.selectFrom("tokens").selectAll().where("id", "=", id).executeTakeFirst();
}

export function listTokens(db: Database, page: PageRequest): Promise<TokenRow[]> {
  return db
    .selectFrom("tokens")
    .selectAll()
    .where("id", ">", page.after ?? "")
    .orderBy("id")
    .limit(page.limit + 1)
    .execute();
}

/** Team -> role, by token. */
export async function rolesOf(db: Database, tokens: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, Role>>>> {
  const rows = tokens.length === 0 ? [] : await db.selectFrom("token_roles").selectAll().where("token", "in", tokens).execute();
  const byToken = Map.groupBy(rows, (row) => row.token);
  return new Map([...byToken].map(([token, own]) => [token, Object.fromEntries(own.map(({ team, role }) => [team, role]))]));
}

export async function deleteToken(db: Database, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("tokens").where("id", "=", id).executeTakeFirst();
  return numDeletedRows > 0n;
}
