import type { PodKey } from "@outrigger/pod";
import { sql } from "kysely";
import { inChunks } from "./chunks.ts";
import type { Database } from "./database.ts";
import type { ComponentRow, PublishedPortRow, Wish } from "./tables.ts";
import type { PageRequest } from "./teams.ts";

/** Writes components as they shall run. A restart that was asked for and not yet done stays asked for. */
export async function putComponents(db: Database, components: readonly ComponentRow[]): Promise<void> {
  await inChunks(components, (chunk) =>
    db
      .insertInto("components")
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(["team", "application", "name"]).doUpdateSet((row) => ({
          spec: row.ref("excluded.spec"),
          position: row.ref("excluded.position"),
          etag: row.ref("excluded.etag"),
          wish: sql<Wish>`case when components.wish = 'restart' then 'restart' else excluded.wish end`,
        })),
      )
      .execute(),
  );
}

export function findComponent(db: Database, key: PodKey): Promise<ComponentRow | undefined> {
  return db
    .selectFrom("components")
    .selectAll()
    .where("team", "=", key.team)
    .where("application", "=", key.application)
    .where("name", "=", key.component)
    .executeTakeFirst();
}

export function componentsOf(db: Database, team: string, application: string): Promise<ComponentRow[]> {
  return db
    .selectFrom("components")
    .selectAll()
    .where("team", "=", team)
    .where("application", "=", application)
    .orderBy("position")
    .execute();
}

export function listComponents(db: Database, team: string, application: string, page: PageRequest): Promise<ComponentRow[]> {
  return db
    .selectFrom("components")
    .selectAll()
    .where("team", "=", team)
    .where("application", "=", application)
    .where("name", ">", page.after ?? "")
    .orderBy("name")
    .limit(page.limit + 1)
    .execute();
}

/** Names of the components that are being removed, by application: few, so that lists need not read all components. */
export async function leavingComponents(
  db: Database,
  team: string,
  applications: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (applications.length === 0) return new Map();
  const rows = await db
    .selectFrom("components")
    .select(["application", "name"])
    .where("team", "=", team)
    .where("application", "in", applications)
    .where(sql<boolean>`wish in ('remove', 'remove-with-volumes')`)
    .orderBy("position")
    .execute();
  const byApplication = Map.groupBy(rows, (row) => row.application);
  return new Map([...byApplication].map(([application, own]) => [application, own.map(({ name }) => name)]));
}

/** Wishes the named components away, or all of them. What was to go with its volumes still does. */
export async function wishAway(
  db: Database,
  team: string,
  application: string,
  wish: "remove" | "remove-with-volumes",
  names?: readonly string[],
): Promise<void> {
  await db
    .updateTable("components")
    .set({ wish })
    .where("team", "=", team)
    .where("application", "=", application)
    .where("wish", "!=", "remove-with-volumes")
    .$if(names !== undefined, (query) => query.where("name", "in", names ?? []))
    .execute();
}

/** Changes the wish from one to another; false when it is not the first any more. */
export async function changeWish(db: Database, key: PodKey, from: Wish, to: Wish): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("components")
    .set({ wish: to })
    .where("team", "=", key.team)
    .where("application", "=", key.application)
    .where("name", "=", key.component)
    .where("wish", "=", from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Deletes the component if its wish is still the one that was fulfilled. */
export async function deleteComponent(db: Database, key: PodKey, fulfilled: Wish): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("components")
    .where("team", "=", key.team)
    .where("application", "=", key.application)
    .where("name", "=", key.component)
    .where("wish", "=", fulfilled)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function touchComponent(db: Database, key: PodKey, etag: string): Promise<void> {
  await db
    .updateTable("components")
    .set({ etag })
    .where("team", "=", key.team)
    .where("application", "=", key.application)
    .where("name", "=", key.component)
    .execute();
}

/** Host ports that other applications have taken, of those asked for. */
export async function portsTaken(db: Database, team: string, application: string, ports: readonly number[]): Promise<PublishedPortRow[]> {
  const found: PublishedPortRow[] = [];
  await inChunks(ports, async (chunk) => {
    const rows = await db.selectFrom("published_ports").selectAll().where("port", "in", chunk).execute();
    found.push(...rows.filter((row) => row.team !== team || row.application !== application));
  });
  return found;
}

/** Puts the application's host ports in place of those it had. */
export async function replacePublishedPorts(
  db: Database,
  team: string,
  application: string,
  ports: readonly PublishedPortRow[],
): Promise<void> {
  await db.deleteFrom("published_ports").where("team", "=", team).where("application", "=", application).execute();
  await inChunks(ports, (chunk) => db.insertInto("published_ports").values(chunk).execute());
}

export async function deleteComponentImages(db: Database, team: string, application: string, names?: readonly string[]): Promise<void> {
  await db
    .deleteFrom("component_images")
    .where("team", "=", team)
    .where("application", "=", application)
    .$if(names !== undefined, (query) => query.where("component", "in", names ?? []))
    .execute();
}
