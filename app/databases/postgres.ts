/**
 * The client library `postgres`.
 * @module
 */
import { Database } from "../database.ts";
import { hasMethods, type Transactions } from "./contract.ts";

/** What is used of a client of `postgres`. */
export interface PostgresLike {
  /** Closes all connections, after so many seconds by force. */
  end(options?: { timeout?: number }): Promise<void>;
  /** Runs a text. */
  unsafe(sql: string): unknown;
}

/** A list would be taken for a list of queries. */
type Begin = <T>(work: (transaction: unknown) => Promise<{ value: T }>) => Promise<{ value: T }>;
type Savepoint = <T>(name: string, work: (transaction: unknown) => Promise<{ value: T }>) => Promise<{ value: T }>;

const CLOSE_SECONDS = 5;

/**
 * A database of the client library `postgres`.
 *
 * @param open Makes the client; `end` closes it.
 * @returns For the setting `database`, and for `atomic`.
 * @example
 * ```ts no-run
 * import { postgresDatabase } from "@hueyjs/huey/app";
 * import postgres from "postgres";
 *
 * export const database = postgresDatabase(() => postgres("postgres://localhost/shop", { max: 1 }));
 * ```
 */
export function postgresDatabase<D extends PostgresLike>(open: () => D | Promise<D>): Database<D> {
  return new Database(open, (handle) => handle.end({ timeout: CLOSE_SECONDS }));
}

/** By the library's own transactions, which know of every query that failed. */
export const postgresTransactions: Transactions = {
  fits: (database) => hasMethods(database, "unsafe") && (hasMethods(database, "begin") || hasMethods(database, "savepoint")),
  isTransaction: (database) => hasMethods(database, "savepoint"),
  isSingle: () => false,
  async begin(database, work) {
    const { value } = await (database as { begin: Begin }).begin(async (transaction) => ({ value: await work(transaction) }));
    return value;
  },
  async nest(transaction, name, work) {
    const { value } = await (transaction as { savepoint: Savepoint }).savepoint(
      name,
      async (savepoint) => ({ value: await work(savepoint) }),
    );
    return value;
  },
};
