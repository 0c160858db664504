import type { Role } from "../api/resources.ts";
import type { Database } from "./database.ts";
import type { TeamRow } from "./tables.ts";

export interface PageRequest {
  readonly limit: number;
  /** The last key of the page before. */
  readonly after?: string | undefined;
}

/** Makes the team where it is missing; true when it was. */
export async function insertTeam(db: Database, team: TeamRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows = 0n } = await db
    .insertInto("teams")
    .values(team)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows > 0n;
}

export function findTeam(db: Database, name: string): Promise<TeamRow | undefined> {
  return db.selectFrom("teams").selectAll().where("name", "=", name).executeTakeFirst();
}

/** One row more than the limit, which tells that there is another page. `token`: only teams where it has a role. */
export function listTeams(db: Database, page: PageRequest, token?: string): Promise<TeamRow[]> {
  return db
    .selectFrom("teams")
    .selectAll()
    .where("name", ">", page.after ?? "")
    .$if(token !== undefined, (query) =>
      query.where("name", "in", (own) =>
        own
          .selectFrom("token_roles")
          .select("team")
          .where("token", "=", token ?? ""),
      ),
    )
    .orderBy("name")
    .limit(page.limit + 1)
    .execute();
}

export async function updateTeam(db: Database, name: string, change: Pick<TeamRow, "allow" | "etag">): Promise<void> {
  await db.updateTable("teams").set(change).where("name", "=", name).execute();
}

export async function deleteTeam(db: Database, name: string): Promise<void> {
  await db.deleteFrom("teams").where("name", "=", name).execute();
}

export async function findRole(db: Database, token: string, team: string): Promise<Role | undefined> {
  const row = await db.selectFrom("token_roles").select("role").where("token", "=", token).where("team", "=", team).executeTakeFirst();
  return row?.role;
}

/** What the team still has that must go first; undefined: nothing. */
export async function teamHolds(db: Database, team: string): Promise<string | undefined> {
  const { applications } = await db
    .selectFrom("applications")
    .select(({ fn }) => fn.countAll<number>().as("applications"))
    .where("team", "=", team)
    .executeTakeFirstOrThrow();
  const { plugins } = await db
    .selectFrom("plugins")
    .select(({ fn }) => fn.countAll<number>().as("plugins"))
    .where("team", "=", team)
    .executeTakeFirstOrThrow();
  return applications + plugins === 0 ? undefined : `${applications} applications and ${plugins} plug-ins`;
}
