/**
 * The client library `pg`.
 * @module
 */
import { Database } from "../database.ts";
import { committed, hasMethods, type Transactions, withSavepoint } from "./contract.ts";

/** What is used of a pool or a client of `pg`. */
export interface PgLike {
  /** Runs a query. */
  query(sql: string): Promise<unknown>;
  /** Connects a client, or takes one out of the pool. */
  connect(): Promise<unknown>;
  /** Closes all connections. */
  end(): Promise<void>;
}

interface PgClient {
  query(sql: string): Promise<{ readonly command?: string }>;
  release?(failure?: boolean): void;
}

/**
 * A database of the client library `pg`.
 *
 * @param open Makes a pool, or a client that is connected; `end` closes it.
 * @returns For the setting `database`, and for `atomic`.
 * @example
 * ```ts no-run
 * import { pgDatabase } from "@hueyjs/huey/app";
 * import { Pool } from "pg";
 *
 * export const database = pgDatabase(() => new Pool({ connectionString: "postgres://localhost/shop", max: 1 }));
 * ```
 */
export function pgDatabase<D extends PgLike>(open: () => D | Promise<D>): Database<D> {
  return new Database(open, (handle) => handle.end());
}

/** A pool has counts, a client has none. */
const isPool = (database: object): boolean => "totalCount" in database;

/** By statements on one client, of the pool or the only one. */
export const pgTransactions: Transactions = {
  fits: (database) =>
    hasMethods(database, "query", "connect") && (hasMethods(database, "end") || hasMethods(database, "release")),
  isTransaction: () => false,
  isSingle: (database) => !isPool(database),
  async begin(database, work) {
    if (!isPool(database as object)) return await withBegin(database as PgClient, work);
    const client = await (database as { connect(): Promise<PgClient> }).connect();
    let failed = true;
    try {
      const value = await withBegin(client, work);
      failed = false;
      return value;
    } finally {
      // A client whose transaction failed may be broken; the pool makes a new one.
      client.release?.(failed);
    }
  },
  nest: (transaction, name, work) =>
    withSavepoint((sql) => (transaction as PgClient).query(sql), name, () => work(transaction)),
};

async function withBegin<T>(client: PgClient, work: (transaction: unknown) => Promise<T>): Promise<T> {
  await client.query("begin");
  const commit = async (): Promise<void> => {
    const { command } = await client.query("commit");
    // PostgreSQL does this when a query has failed, even if nobody noticed.
    if (command === "ROLLBACK") throw new Error("The transaction was rolled back, because a query in it had failed");
  };
  return await committed({ commit, rollBack: () => client.query("rollback") }, () => work(client));
}
