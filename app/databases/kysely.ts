/**
 * Kysely.
 * @module
 */
import { Database } from "../database.ts";
import { committed, hasMethods, type Transactions } from "./contract.ts";

/** What is used of Kysely. */
export interface KyselyLike {
  /** Closes all connections. */
  destroy(): Promise<void>;
  /** Begins a transaction that is ended by hand. */
  startTransaction(): { execute(): Promise<unknown> };
}

/** What is used of a controlled transaction. */
interface Controlled {
  executeQuery(query: unknown): Promise<unknown>;
  commit(): Command;
  rollback(): Command;
  savepoint(name: string): Command<Controlled>;
  rollbackToSavepoint(name: string): Command;
  releaseSavepoint(name: string): Command;
}
interface Command<T = unknown> {
  execute(): Promise<T>;
}

/** PostgreSQL turns the commit of a transaction in which something failed into a rollback, and tells nobody; this query fails. */
const PROBE = {
  sql: "select 1",
  parameters: [],
  query: { kind: "RawNode", sqlFragments: ["select 1"], parameters: [] },
  queryId: { queryId: "huey" },
};

/**
 * A database of Kysely.
 *
 * @param open Makes the Kysely instance; `destroy` closes it.
 * @returns For the setting `database`, and for `atomic`.
 * @example
 * ```ts no-run
 * import { kyselyDatabase } from "@hueyjs/huey/app";
 * import { Kysely, PostgresDialect } from "kysely";
 * import { Pool } from "pg";
 *
 * interface Schema {
 *   person: { id: number; name: string };
 * }
 * export const database = kyselyDatabase(() => new Kysely<Schema>({ dialect: new PostgresDialect({ pool: new Pool({ max: 1 }) }) }));
 * ```
 */
export function kyselyDatabase<D extends KyselyLike>(open: () => D | Promise<D>): Database<D> {
  return new Database(open, (handle) => handle.destroy());
}

/** By the controlled transactions of Kysely. */
export const kyselyTransactions: Transactions = {
  fits: (database) => hasMethods(database, "startTransaction", "selectFrom"),
  isTransaction: (database) => (database as { isTransaction?: boolean }).isTransaction === true,
  isSingle: () => false,
  async begin(database, work) {
    const transaction = await (database as KyselyLike).startTransaction().execute() as Controlled;
    const commit = async (): Promise<void> => {
      await transaction.executeQuery(PROBE);
      await transaction.commit().execute();
    };
    return await committed({ commit, rollBack: () => transaction.rollback().execute() }, () => work(transaction));
  },
  async nest(transaction, name, work) {
    const savepoint = await (transaction as Controlled).savepoint(name).execute();
    const commit = (): unknown => savepoint.releaseSavepoint(name).execute();
    return await committed({ commit, rollBack: () => savepoint.rollbackToSavepoint(name).execute() }, () => work(savepoint));
  },
};
