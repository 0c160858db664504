import type { PodKey } from "@outrigger/pod";
import type { Database } from "./database.ts";
import type { RevisionRow } from "./tables.ts";
import type { PageRequest } from "./teams.ts";

/** How many of an installation's revisions are kept. */
const kept = 100;

/** Writes a revision, and lets go of those that are too old to be kept. */
export async function insertRevision(db: Database, row: RevisionRow): Promise<void> {
  await db.insertInto("revisions").values(row).execute();
  await db
    .deleteFrom("revisions")
    .where("team", "=", row.team)
    .where("application", "=", row.application)
    .where("component", "=", row.component)
    .where("plugin", "=", row.plugin)
    .where("number", "<=", row.number - kept)
    .execute();
}

/** An installation's revisions, newest first. `after`: the number that ends the page before. */
export function listRevisions(db: Database, key: PodKey, plugin: string, page: PageRequest): Promise<RevisionRow[]> {
  return db
    .selectFrom("revisions")
    .selectAll()
    .where("team", "=", key.team)
    .where("application", "=", key.application)
    .where("component", "=", key.component)
    .where("plugin", "=", plugin)
    .where("number", "<", Number(page.after ?? Number.MAX_SAFE_INTEGER))
    .orderBy("number", "desc")
    .limit(page.limit + 1)
    .execute();
}

export async function findRevision(db: Database, key: PodKey, plugin: string, number: number): Promise<RevisionRow | undefined> {
  const [row] = await listRevisions(db, key, plugin, { limit: 0, after: String(number + 1) });
  return row?.number === number ? row : undefined;
}
