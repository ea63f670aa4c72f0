/**
 * Drizzle.
 * @module
 */
import { Database } from "../database.ts";
import { hasMethods, type Transactions, withSavepoint, withStatements } from "./contract.ts";

/** What is used of a database of Drizzle. */
export interface DrizzleLike {
  /** Starts a select. */
  readonly select: unknown;
  /** Runs a function in a transaction. */
  readonly transaction: unknown;
}

/** What only some databases of Drizzle have. */
interface Parts {
  readonly $client?: { end?(): unknown; close?(): unknown };
  /** Of SQLite only. */
  readonly resultKind?: "sync" | "async";
  run(sql: string): unknown;
  execute?(sql: string): unknown;
  transaction<T>(work: (transaction: unknown) => Promise<T>): Promise<T>;
}

/**
 * A database of Drizzle.
 *
 * @param open Makes the database.
 * @param close Closes it. Default: ends or closes the client that Drizzle was given (`$client`).
 * @returns For the setting `database`, and for `atomic`.
 * @example
 * ```ts no-run
 * import { drizzleDatabase } from "@hueyjs/huey/app";
 * import { drizzle } from "drizzle-orm/node-postgres";
 *
 * export const database = drizzleDatabase(() => drizzle("postgres://localhost/shop"));
 * ```
 */
export function drizzleDatabase<D extends DrizzleLike>(
  open: () => D | Promise<D>,
  close: (database: D) => unknown = closeClient,
): Database<D> {
  return new Database(open, close);
}

function closeClient(database: object): unknown {
  const { $client } = database as Parts;
  if ($client?.end !== undefined) return $client.end();
  if ($client?.close !== undefined) return $client.close();
  throw new TypeError(
    "this database of Drizzle has no client that can be closed: give drizzleDatabase a second function, that closes it",
  );
}

const isSync = (database: unknown): boolean => (database as Parts).resultKind === "sync";
const run = (database: unknown) => (sql: string): unknown => (database as Parts).run(sql);

/** By Drizzle's own transactions; where those cannot wait for promises, as those of bun:sqlite, by statements. */
export const drizzleTransactions: Transactions = {
  fits: (database) => hasMethods(database, "transaction", "select", "insert", "delete"),
  isTransaction: (database) => "nestedIndex" in database,
  isSingle: (database) => "resultKind" in database,
  begin(database, work) {
    if (isSync(database)) return withStatements(run(database), "begin immediate", () => work(database));
    return (database as Parts).transaction((transaction) => probed(transaction, work));
  },
  nest(transaction, name, work) {
    if (isSync(transaction)) return withSavepoint(run(transaction), name, () => work(transaction));
    return (transaction as Parts).transaction((savepoint) => probed(savepoint, work));
  },
};

/** PostgreSQL turns the commit of a transaction in which something failed into a rollback, and tells nobody; this query fails. */
async function probed<T>(transaction: unknown, work: (transaction: unknown) => Promise<T>): Promise<T> {
  const value = await work(transaction);
  await (transaction as Parts).execute?.("select 1");
  return value;
}
