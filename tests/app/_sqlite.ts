/** The SQLite binding of the runtime, with the few calls that both have. */
import process from "node:process";

/** What both bindings have. */
export interface Sqlite {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): void;
}
/** A prepared statement. */
export interface SqliteStatement {
  all(...values: unknown[]): Record<string, unknown>[];
  run(...values: unknown[]): unknown;
}

/** Opens a file with the runtime's binding. */
export function openSqlite(filename: string): Sqlite {
  type Binding = Record<string, new (filename: string) => Sqlite>;
  const load = process.getBuiltinModule as (id: string) => Binding | undefined;
  const bun = load("bun:sqlite");
  const sqlite = bun === undefined ? new (load("node:sqlite")!.DatabaseSync!)(filename) : new bun.Database!(filename);
  sqlite.exec("pragma busy_timeout = 5000; pragma journal_mode = wal");
  return sqlite;
}
