import { describe, expect, test } from "bun:test";
import type { DatabaseSync } from "node:sqlite";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { PgTransaction } from "drizzle-orm/pg-core";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { SqliteRemoteDatabase } from "drizzle-orm/sqlite-proxy";
import type { Kysely, Transaction } from "kysely";
import type { Client, Pool, PoolClient } from "pg";
import type { Sql, TransactionSql } from "postgres";
import * as app from "../../app/mod.ts";
import type { Database, DefineOnCommitTask, OnCommitTask, TransactionOf } from "../../app/mod.ts";
import type { DefinePeriodicTask, DefineTask, Huey, Result, TaskWrapper } from "../../mod.ts";

interface Schema {
  person: { name: string };
}
type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only if the type is `true`. */
function yes<_ extends true>(): void {}

/** Never called: the compiler is what tests it. */
export function adapters(
  kysely: Kysely<Schema>,
  sql: Sql,
  pool: Pool,
  client: Client,
  nodePg: NodePgDatabase,
  postgresJs: PostgresJsDatabase,
  bun: BunSQLiteDatabase,
  sqlite: DatabaseSync,
): void {
  yes<IsSame<Database<Kysely<Schema>>, ReturnType<typeof app.kyselyDatabase<Kysely<Schema>>>>>();
  const inferred = [
    app.kyselyDatabase(() => kysely).current.selectFrom("person").select("name"),
    app.postgresDatabase(() => sql).current`select 1`,
    app.pgDatabase(() => pool).current.totalCount,
    app.pgDatabase(() => Promise.resolve(client)).current.query("select 1"),
    app.drizzleDatabase(() => nodePg).current.execute("select 1"),
    app.drizzleDatabase(() => postgresJs).current.execute("select 1"),
    app.drizzleDatabase(() => bun).current.run("select 1"),
    app.sqliteDatabase(() => sqlite).current.prepare("select 1").get(),
  ];
  void inferred;
}

describe("the types", () => {
  test("helpers have the types of the Huey", () => {
    yes<IsSame<typeof app.task, DefineTask>>();
    yes<IsSame<typeof app.dbTask, DefineTask>>();
    yes<IsSame<typeof app.periodicTask, DefinePeriodicTask>>();
    yes<IsSame<typeof app.dbPeriodicTask, DefinePeriodicTask>>();
    yes<IsSame<typeof app.onCommitTask, DefineOnCommitTask>>();
    yes<IsSame<typeof app.enqueue, Huey["enqueue"]>>();
    yes<IsSame<typeof app.huey, Huey>>();
    expect(Object.keys(app).length).toBeGreaterThan(30);
  });

  test("tasks that wait for a commit are called as the task is", () => {
    const define = (): void => {
      const wrapper: TaskWrapper<[name: string, times?: number], Promise<Date>> = app.task(
        "a",
        (_name: string, _times?: number) => Promise.resolve(new Date()),
      );
      const waiting = app.onCommitTask(wrapper);
      yes<IsSame<typeof waiting, OnCommitTask<[name: string, times?: number], Promise<Date>>>>();
      const fresh = app.onCommitTask({ name: "b", retries: 2 }, (n: number) => n);
      yes<IsSame<ReturnType<typeof fresh>, Promise<Result<number>>>>();
      // @ts-expect-error -- a number is not a name
      void waiting(5);
    };
    expect(define).toBeInstanceOf(Function);
  });

  test("atomic gives the transaction that the library has", () => {
    yes<TransactionOf<Kysely<Schema>> extends Transaction<Schema> ? true : false>();
    yes<IsSame<TransactionOf<Database<Kysely<Schema>>>, TransactionOf<Kysely<Schema>>>>();
    yes<IsSame<TransactionOf<Sql>, TransactionSql>>();
    yes<IsSame<TransactionOf<Pool>, PoolClient>>();
    yes<IsSame<TransactionOf<Client>, Client>>();
    yes<TransactionOf<NodePgDatabase> extends PgTransaction<infer _A, infer _B, infer _C> ? true : false>();
    yes<TransactionOf<PostgresJsDatabase> extends PgTransaction<infer _A, infer _B, infer _C> ? true : false>();
    yes<TransactionOf<SqliteRemoteDatabase> extends { run: unknown; rollback: unknown } ? true : false>();
    yes<IsSame<TransactionOf<BunSQLiteDatabase>, BunSQLiteDatabase>>();
    yes<IsSame<TransactionOf<DatabaseSync>, DatabaseSync>>();
    expect(app.atomic).toBeInstanceOf(Function);
  });

  test("settings fit their class", () => {
    const wrong = (): void => {
      app.defineConfig({ hueyClass: "SqliteHuey", filename: "a.db", connection: { fsync: true }, consumer: { workers: 2 } });
      app.defineConfig({ url: "redis://x", blocking: false, connection: { pingInterval: 5 } });
      // @ts-expect-error -- SQLite has no URL
      app.defineConfig({ hueyClass: "SqliteHuey", url: "redis://x" });
      // @ts-expect-error -- there is no such class
      app.defineConfig({ hueyClass: "MongoHuey" });
      // @ts-expect-error -- there is no such option
      app.defineConfig({ consumer: { worker: 2 } });
    };
    expect(wrong).toBeInstanceOf(Function);
  });
});
