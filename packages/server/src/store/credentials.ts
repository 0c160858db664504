import type { Database } from "./database.ts";
import type { CredentialRow } from "./tables.ts";
import type { PageRequest } from "./teams.ts";

export async function putCredential(db: Database, credential: CredentialRow): Promise<void> {
  const { team, name, ...rest } = credential;
  await db
    .insertInto("credentials")
    .values({ team, name, ...rest })
    .onConflict((conflict) => conflict.columns(["team", "name"]).doUpdateSet(rest))
    .execute();
}

export function listCredentials(db: Database, team: string, page: PageRequest): Promise<CredentialRow[]> {
  return db
    .selectFrom("credentials")
    .selectAll()
    .where("team", "=", team)
    .where("name", ">", page.after ?? "")
    .orderBy("name")
    .limit(page.limit + 1)
    .execute();
}

export function credentialsOfKind(db: Database, team: string, kind: CredentialRow["kind"]): Promise<CredentialRow[]> {
  return db.selectFrom("credentials").selectAll().where("team", "=", team).where("kind", "=", kind).execute();
}

export function findCredentialByHost(
  db: Database,
  team: string,
  kind: CredentialRow["kind"],
  host: string,
): Promise<CredentialRow | undefined> {
  return db
    .selectFrom("credentials")
    .selectAll()
    .where("team", "=", team)
    .where("kind", "=", kind)
    .where("host", "=", host)
    .executeTakeFirst();
}

export async function deleteCredential(db: Database, team: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("credentials").where("team", "=", team).where("name", "=", name).executeTakeFirst();
  return numDeletedRows > 0n;
}
