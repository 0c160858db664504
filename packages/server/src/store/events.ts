import type { Insertable, Selectable } from "kysely";
import type { Database } from "./database.ts";
import type { EventTable } from "./tables.ts";

export type EventRow = Selectable<EventTable>;

export interface EventFilter {
  readonly team: string;
  readonly subject?: string | undefined;
}

export async function insertEvent(db: Database, event: Insertable<EventTable>): Promise<void> {
  await db.insertInto("events").values(event).execute();
}

/** Newest first, before the event `before`. */
export function eventsBefore(db: Database, filter: EventFilter, before: number, limit: number): Promise<EventRow[]> {
  return select(db, filter).where("id", "<", before).orderBy("id", "desc").limit(limit).execute();
}

/** In order, after the event `after`. */
export function eventsAfter(db: Database, filter: EventFilter, after: number, limit: number): Promise<EventRow[]> {
  return select(db, filter).where("id", ">", after).orderBy("id").limit(limit).execute();
}

/** The number of the team's newest event; 0 where it has none. */
export async function newestEvent(db: Database, team: string): Promise<number> {
  const row = await db.selectFrom("events").select("id").where("team", "=", team).orderBy("id", "desc").limit(1).executeTakeFirst();
  return row?.id ?? 0;
}

/** Keeps the newest events of a team. */
export async function trimEvents(db: Database, team: string, keep: number): Promise<void> {
  const oldest = await db
    .selectFrom("events")
    .select("id")
    .where("team", "=", team)
    .orderBy("id", "desc")
    .offset(keep)
    .limit(1)
    .executeTakeFirst();
  if (oldest !== undefined) await db.deleteFrom("events").where("team", "=", team).where("id", "<=", oldest.id).execute();
}

function select(db: Database, { team, subject }: EventFilter) {
  return db
    .selectFrom("events")
    .selectAll()
    .where("team", "=", team)
    .$if(subject !== undefined, (query) => query.where("subject", "=", subject ?? ""));
}
