import type { Selectable } from "kysely";
import type { Database } from "./database.ts";
import type { BuildTable, ComponentImageRow } from "./tables.ts";
import type { PageRequest } from "./teams.ts";

export type BuildRow = Selectable<BuildTable>;
export type NewBuild = Omit<BuildRow, "number">;

export function insertBuild(db: Database, build: NewBuild): Promise<BuildRow> {
  return db.insertInto("builds").values(build).returningAll().executeTakeFirstOrThrow();
}

export function findBuild(db: Database, team: string, id: string): Promise<BuildRow | undefined> {
  return db.selectFrom("builds").selectAll().where("team", "=", team).where("id", "=", id).executeTakeFirst();
}

/** Newest first. `after`: the number that ends the page before. */
export function listBuilds(db: Database, team: string, page: PageRequest): Promise<BuildRow[]> {
  return db
    .selectFrom("builds")
    .selectAll()
    .where("team", "=", team)
    .where("number", "<", Number(page.after ?? Number.MAX_SAFE_INTEGER))
    .orderBy("number", "desc")
    .limit(page.limit + 1)
    .execute();
}

export async function updateBuild(db: Database, id: string, change: Partial<NewBuild>): Promise<void> {
  await db.updateTable("builds").set(change).where("id", "=", id).execute();
}

/** Builds that have not ended. */
export function openBuilds(db: Database): Promise<BuildRow[]> {
  return db.selectFrom("builds").selectAll().where("state", "in", ["queued", "building"]).execute();
}

export async function insertLines(
  db: Database,
  build: string,
  lines: readonly { readonly line: number; readonly text: string }[],
): Promise<void> {
  if (lines.length === 0) return;
  await db
    .insertInto("build_lines")
    .values(lines.map((line) => ({ build, ...line })))
    .execute();
}

/** Up to 1000 lines after `line`, in order. */
export function linesAfter(db: Database, build: string, line: number): Promise<{ line: number; text: string }[]> {
  return db
    .selectFrom("build_lines")
    .select(["line", "text"])
    .where("build", "=", build)
    .where("line", ">", line)
    .orderBy("line")
    .limit(1000)
    .execute();
}

/** Records a component's image unless a later build has given one already. */
export async function putComponentImage(db: Database, image: ComponentImageRow): Promise<void> {
  await db
    .insertInto("component_images")
    .values(image)
    .onConflict((conflict) =>
      conflict
        .columns(["team", "application", "component"])
        .doUpdateSet({ image: image.image, context_digest: image.context_digest, build_number: image.build_number })
        .where("component_images.build_number", "<", image.build_number),
    )
    .execute();
}

export async function componentImages(
  db: Database,
  team: string,
  application: string,
  components?: readonly string[],
): Promise<ReadonlyMap<string, ComponentImageRow>> {
  const rows = await db
    .selectFrom("component_images")
    .selectAll()
    .where("team", "=", team)
    .where("application", "=", application)
    .$if(components !== undefined, (query) => query.where("component", "in", components ?? []))
    .execute();
  return new Map(rows.map((row) => [row.component, row]));
}

/** Keeps the newest builds of a team, with their logs, and drops those before. */
export async function trimBuilds(db: Database, team: string, keep: number): Promise<void> {
  const oldest = await db
    .selectFrom("builds")
    .select("number")
    .where("team", "=", team)
    .orderBy("number", "desc")
    .offset(keep)
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) return;
  await db
    .deleteFrom("builds")
    .where("team", "=", team)
    .where("number", "<=", oldest.number)
    .where("state", "not in", ["queued", "building"])
    .execute();
}
