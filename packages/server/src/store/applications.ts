import type { Database } from "./database.ts";
import type { ApplicationRow } from "./tables.ts";
import type { PageRequest } from "./teams.ts";

export async function putApplicationRow(db: Database, application: ApplicationRow): Promise<void> {
  await db
    .insertInto("applications")
    .values(application)
    .onConflict((conflict) =>
      conflict.columns(["team", "name"]).doUpdateSet({ etag: application.etag, component_names: application.component_names }),
    )
    .execute();
}

export function findApplication(db: Database, team: string, name: string): Promise<ApplicationRow | undefined> {
  return db.selectFrom("applications").selectAll().where("team", "=", team).where("name", "=", name).executeTakeFirst();
}

export function listApplications(db: Database, team: string, page: PageRequest): Promise<ApplicationRow[]> {
  return db
    .selectFrom("applications")
    .selectAll()
    .where("team", "=", team)
    .where("name", ">", page.after ?? "")
    .orderBy("name")
    .limit(page.limit + 1)
    .execute();
}

/** Every application of every team. */
export function allApplications(db: Database): Promise<Pick<ApplicationRow, "team" | "name">[]> {
  return db.selectFrom("applications").select(["team", "name"]).execute();
}

export async function markDeleting(db: Database, team: string, name: string, etag: string): Promise<void> {
  await db
    .updateTable("applications")
    .set({ deleting: 1, component_names: "[]", etag })
    .where("team", "=", team)
    .where("name", "=", name)
    .execute();
}

/** Deletes an application that is to go and has no component left. */
export async function deleteIfEmpty(db: Database, team: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("applications")
    .where("team", "=", team)
    .where("name", "=", name)
    .where("deleting", "=", 1)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom("components").select("name").where("team", "=", team).where("application", "=", name))),
    )
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
