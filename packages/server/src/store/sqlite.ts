import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { type Dialect, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";
import { serverErrors } from "../errors.ts";

const keptStatements = 300;
const sqliteFull = 13;

/**
 * A Kysely dialect over node:sqlite, in one file, durable: what is committed survives a power cut (WAL, synchronous=FULL).
 *
 * @throws disk-full (from every query)
 */
export function sqliteDialect(path: string): Dialect {
  return new SqliteDialect({ database: async () => openSqlite(path) });
}

function openSqlite(path: string): SqliteDatabase {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma journal_size_limit = 67108864");
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const oldest = prepared.keys().next();
    if (prepared.size >= keptStatements && !oldest.done) prepared.delete(oldest.value);
    const statement = guard(path, () => database.prepare(sql));
    prepared.set(sql, statement);
    return statement;
  };
  return {
    close: () => database.close(),
    // SQLite has rolled back by itself after some errors (a full disk); rolling back again would hide the first error.
    prepare: (sql) => (sql === "rollback" && !database.isTransaction ? nothing : adapt(path, prepare(sql))),
  };
}

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

function adapt(path: string, statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guard(path, () => statement.all(...values(parameters))),
    run: (parameters) => guard(path, () => statement.run(...values(parameters))),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}

function guard<T>(path: string, query: () => T): T {
  try {
    return query();
  } catch (cause) {
    if (cause instanceof Error && "errcode" in cause && (Number(cause.errcode) & 0xff) === sqliteFull) {
      throw serverErrors["disk-full"]({ path }, { cause });
    }
    throw cause;
  }
}
