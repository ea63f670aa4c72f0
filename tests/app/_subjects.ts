/** The databases that the transactions are tested with: each client library, on a real database. */
import { type AsyncRemoteCallback, drizzle as drizzleProxy } from "drizzle-orm/sqlite-proxy";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { CompiledQuery, Kysely, PostgresDialect, SqliteDialect } from "kysely";
import { Pool } from "pg";
import postgres from "postgres";
import type { Database } from "../../app/mod.ts";
import { drizzleDatabase, kyselyDatabase, pgDatabase, postgresDatabase, sqliteDatabase } from "../../app/mod.ts";
import { openSqlite, type Sqlite } from "./_sqlite.ts";

/** Whether this is Bun. */
const BUN = "Bun" in globalThis;

/** How to run SQL with a handle, also with that of a transaction. */
export type RunSql = (handle: never, sql: string) => Promise<Record<string, unknown>[]>;

/** One client library on one database. */
export interface Subject {
  readonly name: string;
  readonly kind: "sqlite" | "postgres";
  /** @param place Name of a file, or URL of a server. */
  database(place: string): Database<object>;
  readonly run: RunSql;
}

/** The suite knows nothing of a handle but that it is one. */
const any = (database: unknown): Database<object> => database as Database<object>;

type AnyHandle = { [method: string]: (...args: unknown[]) => Promise<unknown> };

const sqliteBinding: Subject = {
  name: BUN ? "bun:sqlite" : "node:sqlite",
  kind: "sqlite",
  database: (place) => any(sqliteDatabase(() => openSqlite(place))),
  run: (handle: Sqlite, sql) => Promise.resolve(handle.prepare(sql).all()),
};

const runKysely: RunSql = async (handle: Kysely<unknown>, sql) =>
  (await handle.executeQuery(CompiledQuery.raw(sql))).rows as Record<string, unknown>[];

const kyselySqlite: Subject = {
  name: "Kysely on SQLite",
  kind: "sqlite",
  database: (place) =>
    any(kyselyDatabase(() => new Kysely({ dialect: new SqliteDialect({ database: () => forKysely(openSqlite(place)) }) }))),
  run: runKysely,
};

/** Kysely wants to know whether a statement gives rows. */
function forKysely(sqlite: Sqlite): Promise<never> {
  const prepare = (sql: string): object => {
    const statement = sqlite.prepare(sql);
    return {
      reader: /^\s*(select|pragma)|returning/i.test(sql),
      all: (values: unknown[]) => statement.all(...values),
      run: (values: unknown[]) => statement.run(...values),
    };
  };
  return Promise.resolve({ prepare, close: () => sqlite.close() } as never);
}

const kyselyPostgres: Subject = {
  name: "Kysely on PostgreSQL",
  kind: "postgres",
  database: (place) =>
    any(
      kyselyDatabase(() =>
        new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: place, max: 3 }) }) })
      ),
    ),
  run: runKysely,
};

const postgresClient: Subject = {
  name: "postgres",
  kind: "postgres",
  database: (place) => any(postgresDatabase(() => postgres(place, { max: 3, onnotice: () => {} }))),
  run: async (handle: postgres.Sql, sql) => [...await handle.unsafe(sql)],
};

const pgClient: Subject = {
  name: "pg",
  kind: "postgres",
  database: (place) => any(pgDatabase(() => new Pool({ connectionString: place, max: 3 }))),
  run: async (handle: Pool, sql) => (await handle.query(sql)).rows,
};

const drizzlePostgresJs: Subject = {
  name: "Drizzle on postgres",
  kind: "postgres",
  database: (place) => any(drizzleDatabase(() => drizzlePostgres(postgres(place, { max: 3, onnotice: () => {} })))),
  run: async (handle: never, sql) => [...await (handle as AnyHandle).execute!(sql) as Record<string, unknown>[]],
};

const drizzleNodePostgres: Subject = {
  name: "Drizzle on pg",
  kind: "postgres",
  database: (place) => any(drizzleDatabase(() => drizzlePg(new Pool({ connectionString: place, max: 3 })))),
  run: async (handle: never, sql) => (await (handle as AnyHandle).execute!(sql) as { rows: Record<string, unknown>[] }).rows,
};

/** Drizzle gets lists of values from the callback; nobody here reads more than the first of each row. */
const drizzleSqliteProxy: Subject = {
  name: "Drizzle on sqlite-proxy",
  kind: "sqlite",
  database: (place) => {
    const open = new WeakMap<object, Sqlite>();
    return any(drizzleDatabase(() => {
      const sqlite = openSqlite(place);
      const remote: AsyncRemoteCallback = (sql, values) =>
        Promise.resolve({ rows: sqlite.prepare(sql).all(...values).map((row) => Object.values(row)) });
      const database = drizzleProxy(remote);
      open.set(database, sqlite);
      return database;
    }, (database) => open.get(database)!.close()));
  },
  run: async (handle: never, sql) => (await (handle as AnyHandle).all!(sql) as unknown[][]).map(([n]) => ({ n })),
};

async function drizzleBun(): Promise<Subject[]> {
  if (!BUN) return [];
  const { drizzle } = await import("drizzle-orm/bun-sqlite");
  return [{
    name: "Drizzle on bun:sqlite",
    kind: "sqlite",
    database: (place) => any(drizzleDatabase(() => drizzle(openSqlite(place) as never))),
    run: (handle: never, sql) => Promise.resolve((handle as { all(sql: string): Record<string, unknown>[] }).all(sql)),
  }];
}

/** Those that work on this runtime. */
export const SUBJECTS: readonly Subject[] = [
  sqliteBinding,
  kyselySqlite,
  drizzleSqliteProxy,
  ...await drizzleBun(),
  postgresClient,
  pgClient,
  kyselyPostgres,
  drizzlePostgresJs,
  drizzleNodePostgres,
];
