import { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { firstTables } from "./migrations/0001-first-tables.ts";
import { liveSettings } from "./migrations/0002-live-settings.ts";
import { sqliteDialect } from "./sqlite.ts";
import type { Tables } from "./tables.ts";

/** The store, or a transaction in it. */
export type Database = Kysely<Tables>;

const migrations: Readonly<Record<string, Migration>> = {
  "0001-first-tables": firstTables,
  "0002-live-settings": liveSettings,
};

/** Opens the store in the file at `path` and brings it to the newest form. */
export async function openDatabase(path: string): Promise<Database> {
  const db = new Kysely<Tables>({ dialect: sqliteDialect(path) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** Does all of `work` or nothing of it. Keep network and files out of it: transactions wait for each other. */
export function inTransaction<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction().execute(work);
}
