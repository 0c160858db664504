import type { Database } from "./database.ts";

/** A fact about this store that is settled once: the value kept under the name, `value` where there was none. */
export async function settle(db: Database, name: string, value: string): Promise<string> {
  await db
    .insertInto("meta")
    .values({ name, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await db.selectFrom("meta").select("value").where("name", "=", name).executeTakeFirstOrThrow()).value;
}
