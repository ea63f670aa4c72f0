/**
 * Transactions that the tasks enqueued in them wait for.
 * @module
 */
import { checkFunction, show } from "../lib/primitives/arguments.ts";
import { ConfigurationError } from "../lib/errors.ts";
import { Database } from "./database.ts";
import type { Transactions } from "./databases/contract.ts";
import { type DrizzleLike, drizzleTransactions } from "./databases/drizzle.ts";
import { kyselyTransactions } from "./databases/kysely.ts";
import { pgTransactions } from "./databases/pg.ts";
import { postgresTransactions } from "./databases/postgres.ts";
import { sqliteTransactions } from "./databases/sqlite.ts";
import { Frame, inside, openFrame, openFrameOf } from "./transactions.ts";
import { Turns } from "./turns.ts";

/** What the function of `atomic` gets: the transaction as the library types it; of a SQLite binding the database itself. */
export type TransactionOf<D> = D extends Database<infer H> ? TransactionOf<H>
  : D extends { transaction(): { execute(work: (transaction: infer T) => Promise<unknown>): unknown } } ? T
  : D extends { begin(options: string, work: (transaction: infer T) => unknown): unknown; unsafe: unknown } ? T
  : D extends { totalCount: number; connect(callback: (error: never, client: infer T, done: never) => void): unknown }
    ? NonNullable<T>
  : D extends DrizzleLike ? DrizzleTransaction<D>
  : D;

/** The transaction of a database of Drizzle; of one that answers at once, such as bun:sqlite, the database itself. */
export type DrizzleTransaction<D> = D extends { run(sql: string): infer R }
  ? R extends PromiseLike<unknown> ? FirstArgument<D> : D
  : FirstArgument<D>;
/** What a database of Drizzle hands to the function of a transaction. */
export type FirstArgument<D> = D extends
  { transaction(work: (transaction: infer T) => Promise<never>, config?: never): unknown } ? T
  : D;

const LIBRARIES: readonly Transactions[] = [
  kyselyTransactions,
  drizzleTransactions,
  postgresTransactions,
  pgTransactions,
  sqliteTransactions,
];

/** Databases with one connection, whose transactions take turns. */
const queues: WeakMap<object, Turns> = new WeakMap();

/**
 * Runs a function in a transaction: commits when it returns, rolls back when it throws. What `onCommitTask` and `onCommit` were
 * given meanwhile, in functions called from it too, happens after the commit, or never. Inside another `atomic` of the same
 * database it is a savepoint: what it enqueues waits for the outermost commit, and is dropped if the savepoint is rolled back.
 * A database with a single connection, such as a SQLite binding, runs one transaction after another; what other code does on that
 * connection meanwhile becomes part of it.
 *
 * @param database A client of Kysely, Drizzle, `postgres`, `pg`, `bun:sqlite` or `node:sqlite`; or a `Database`, of which the
 * handle that is open is used, or else one is opened for the time.
 * @param work Gets the transaction, and makes its queries with it.
 * @returns What the function returns, after the commit.
 * @throws What the function or the database throws; then nothing is enqueued.
 * @throws {AfterCommitError} If the commit went well but a task could not be enqueued.
 * @throws {TypeError} If it is no database of these libraries.
 * @throws {ConfigurationError} For a transaction that was not begun by `atomic`.
 * @example
 * ```ts
 * import { atomic, defineConfig, onCommitTask } from "@hueyjs/huey/app";
 * import { DatabaseSync } from "node:sqlite";
 *
 * defineConfig({ hueyClass: "MemoryHuey", immediate: true });
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table person (name text)");
 * const greet = onCommitTask("greet", (name: string) => console.log(`Hello, ${name}`));
 *
 * await atomic(database, async (transaction) => {
 *   transaction.exec("insert into person values ('Ada')");
 *   await greet("Ada"); // enqueued when the person is there
 * });
 * ```
 */
export async function atomic<D extends object, T>(
  database: D,
  work: (transaction: TransactionOf<D>) => T | Promise<T>,
): Promise<T> {
  checkFunction(work, "The second argument of atomic");
  if (Database.is(database)) {
    const handle = database.currentIfAny;
    const withHandle = (opened: unknown): Promise<T> => atomic(opened as object, work as Work<T>);
    return await (handle === undefined ? database.use(withHandle) : withHandle(handle));
  }
  const library = libraryOf(database);
  const around = openFrameOf(database);
  if (around !== undefined) return await nested(library, around, work as Work<T>);
  if (library.isTransaction(database)) {
    throw new ConfigurationError("This transaction was not begun by atomic, which would not learn whether it commits");
  }
  return await outermost(library, database, work as Work<T>);
}

type Work<T> = (transaction: unknown) => T | Promise<T>;

async function outermost<T>(library: Transactions, database: object, work: Work<T>): Promise<T> {
  const frame = new Frame(database, openFrame());
  const begin = (): Promise<T> => framed(frame, work, (inner) => library.begin(database, inner));
  const value = await (library.isSingle(database) ? turnsOf(database).take(begin) : begin());
  await frame.committed();
  return value;
}

async function nested<T>(library: Transactions, around: Frame, work: Work<T>): Promise<T> {
  const frame = new Frame(around.root, openFrame());
  const name = `huey_${around.depth + 1}`;
  const value = await around.turns.take(() => framed(frame, work, (inner) => library.nest(around.handle, name, inner)));
  await frame.committed();
  return value;
}

async function framed<T>(
  frame: Frame,
  work: Work<T>,
  begin: (inner: (handle: unknown) => Promise<T>) => Promise<T>,
): Promise<T> {
  try {
    return await begin((handle) => {
      frame.handle = handle;
      return inside(frame, async () => await work(handle));
    });
  } finally {
    frame.ended = true;
  }
}

function turnsOf(database: object): Turns {
  const turns = queues.get(database) ?? new Turns();
  queues.set(database, turns);
  return turns;
}

function libraryOf(database: unknown): Transactions {
  const isObject = (typeof database === "object" && database !== null) || typeof database === "function";
  const library = isObject ? LIBRARIES.find((each) => each.fits(database)) : undefined;
  if (library !== undefined) return library;
  throw new TypeError(
    `atomic takes a database of Kysely, Drizzle, postgres, pg, bun:sqlite or node:sqlite, or a Database: ${show(database)}`,
  );
}
