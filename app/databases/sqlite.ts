/**
 * The SQLite bindings of the runtimes: `Database` of `bun:sqlite` and `DatabaseSync` of `node:sqlite`.
 * @module
 */
import { Database } from "../database.ts";
import { hasMethods, type Transactions, withSavepoint, withStatements } from "./contract.ts";

/** What is used of a binding. */
export interface SqliteLike {
  /** Runs one statement. */
  exec(sql: string): unknown;
  /** Prepares one. */
  prepare(sql: string): unknown;
  /** Closes the file. */
  close(): unknown;
}

/**
 * A SQLite database of the runtime's own binding.
 *
 * @param open Opens the file.
 * @returns For the setting `database`, and for `atomic`.
 * @example
 * ```ts
 * import { sqliteDatabase } from "@hueyjs/huey/app";
 * import { DatabaseSync } from "node:sqlite"; // on Bun: import { Database } from "bun:sqlite"
 *
 * export const database = sqliteDatabase(() => new DatabaseSync("application.db"));
 * ```
 */
export function sqliteDatabase<D extends SqliteLike>(open: () => D | Promise<D>): Database<D> {
  return new Database(open, (handle) => handle.close());
}

const run = (handle: unknown) => (sql: string): unknown => (handle as SqliteLike).exec(sql);

/** The handle of a transaction is the database itself. */
export const sqliteTransactions: Transactions = {
  fits: (database) => hasMethods(database, "exec", "prepare", "close") && !hasMethods(database, "selectFrom"),
  isTransaction: () => false,
  isSingle: () => true,
  begin: (database, work) => withStatements(run(database), "begin immediate", () => work(database)),
  nest: (transaction, name, work) => withSavepoint(run(transaction), name, () => work(transaction)),
};
