import type { VersionState } from "@outrigger/plugin";
import type { Database } from "./database.ts";
import type { PluginRow, VersionRow } from "./tables.ts";
import type { PageRequest } from "./teams.ts";

/** Which version; always within its team and plug-in. */
export interface VersionKey {
  readonly team: string;
  readonly plugin: string;
  readonly version: string;
}

export async function putPlugin(db: Database, plugin: PluginRow): Promise<void> {
  const { display_name, description } = plugin;
  await db
    .insertInto("plugins")
    .values(plugin)
    .onConflict((conflict) => conflict.columns(["team", "name"]).doUpdateSet({ display_name, description }))
    .execute();
}

export function findPlugin(db: Database, team: string, name: string): Promise<PluginRow | undefined> {
  return db.selectFrom("plugins").selectAll().where("team", "=", team).where("name", "=", name).executeTakeFirst();
}

export function listPlugins(db: Database, team: string, page: PageRequest): Promise<PluginRow[]> {
  return db
    .selectFrom("plugins")
    .selectAll()
    .where("team", "=", team)
    .where("name", ">", page.after ?? "")
    .orderBy("name")
    .limit(page.limit + 1)
    .execute();
}

export async function deletePlugin(db: Database, team: string, name: string): Promise<void> {
  await db.deleteFrom("plugins").where("team", "=", team).where("name", "=", name).execute();
}

/** Name and state of every version of these plug-ins, newest first. */
export async function versionsOf(
  db: Database,
  team: string,
  plugins: readonly string[],
): Promise<ReadonlyMap<string, readonly { readonly version: string; readonly state: VersionState }[]>> {
  if (plugins.length === 0) return new Map();
  const rows = await db
    .selectFrom("versions")
    .select(["plugin", "version", "state"])
    .where("team", "=", team)
    .where("plugin", "in", plugins)
    .orderBy("rank", "desc")
    .execute();
  return Map.groupBy(rows, (row) => row.plugin);
}

export async function insertVersion(db: Database, version: VersionRow): Promise<void> {
  await db.insertInto("versions").values(version).execute();
}

export async function updateVersion(db: Database, key: VersionKey, change: Partial<VersionRow> & { readonly etag: string }): Promise<void> {
  await db
    .updateTable("versions")
    .set(change)
    .where("team", "=", key.team)
    .where("plugin", "=", key.plugin)
    .where("version", "=", key.version)
    .execute();
}

export function findVersion(db: Database, key: VersionKey): Promise<VersionRow | undefined> {
  return db
    .selectFrom("versions")
    .selectAll()
    .where("team", "=", key.team)
    .where("plugin", "=", key.plugin)
    .where("version", "=", key.version)
    .executeTakeFirst();
}

/** Newest first. `after`: the rank that ends the page before. */
export function listVersions(db: Database, team: string, plugin: string, page: PageRequest): Promise<VersionRow[]> {
  return db
    .selectFrom("versions")
    .selectAll()
    .where("team", "=", team)
    .where("plugin", "=", plugin)
    .$if(page.after !== undefined, (query) => query.where("rank", "<", page.after ?? ""))
    .orderBy("rank", "desc")
    .limit(page.limit + 1)
    .execute();
}

/** Every built version of these plug-ins, newest first. */
export async function builtVersions(db: Database, team: string, plugins: readonly string[]): Promise<VersionRow[]> {
  if (plugins.length === 0) return [];
  return await db
    .selectFrom("versions")
    .selectAll()
    .where("team", "=", team)
    .where("plugin", "in", plugins)
    .where("state", "=", "built")
    .orderBy("rank", "desc")
    .execute();
}

export async function deleteVersion(db: Database, key: VersionKey): Promise<void> {
  await db
    .deleteFrom("versions")
    .where("team", "=", key.team)
    .where("plugin", "=", key.plugin)
    .where("version", "=", key.version)
    .execute();
}
