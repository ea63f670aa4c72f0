/**
 * The runtime's own SQLite binding behind one small interface: `bun:sqlite` on Bun, `node:sqlite` elsewhere.
 * @module
 */
import process from "node:process";
import type { Database as BunDatabase, SQLQueryBindings, Statement as BunStatement } from "bun:sqlite";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { ConfigurationError } from "../../../lib/errors.ts";

/** What may be bound and what is read. Nothing else: the bindings disagree about booleans, dates and `undefined`. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** A row by column name. */
export type Row = Readonly<Record<string, SqlValue>>;

/** A prepared statement. */
export interface Statement {
  /** @returns how many rows were changed */
  run(...values: SqlValue[]): number;
  /** @returns the first row */
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
}

/** An open database file. */
export interface Database {
  /** Runs one statement. */
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** Ends all statements too. */
  close(): void;
}

/** The part of `process.getBuiltinModule` that is used here. */
type Loader = (id: string) => unknown;

/**
 * Opens a database file, which is made if it is missing.
 *
 * @param filename Path, or ":memory:".
 * @returns The open database.
 * @throws The binding's own error if the file cannot be opened, {@linkcode ConfigurationError} if the runtime has no binding.
 */
export function openDatabase(filename: string): Database {
  const load = process.getBuiltinModule as Loader;
  const bun = load("bun:sqlite") as { Database: typeof BunDatabase } | undefined;
  if (bun !== undefined) return new BunAdapter(new bun.Database(filename, { create: true, readwrite: true }));
  const node = load("node:sqlite") as { DatabaseSync: typeof DatabaseSync } | undefined;
  if (node !== undefined) return new NodeAdapter(new node.DatabaseSync(filename));
  throw new ConfigurationError("This runtime has neither bun:sqlite nor node:sqlite");
}

/**
 * Runs `work` in a transaction.
 *
 * @param begin "begin immediate" holds the write lock from its beginning; reads after "begin" see one state of the file.
 * @param run Runs one statement.
 * @param work Undone when it throws.
 * @returns What `work` returns.
 * @throws What `work` or the database throws.
 */
export function within<T>(begin: "begin" | "begin immediate", run: (sql: string) => void, work: () => T): T {
  run(begin);
  try {
    const outcome = work();
    run("commit");
    return outcome;
  } catch (error) {
    rollback(run);
    throw error;
  }
}

function rollback(run: (sql: string) => void): void {
  try {
    run("rollback");
  } catch {
    // After some failures, such as a full disk, SQLite has already rolled back; the first error is the one that counts.
  }
}

class BunAdapter implements Database {
  readonly #database: BunDatabase;
  readonly #statements: BunStatement<Row, SQLQueryBindings[]>[] = [];

  constructor(database: BunDatabase) {
    this.#database = database;
  }

  exec(sql: string): void {
    this.#database.run(sql);
  }

  prepare(sql: string): Statement {
    const statement = this.#database.prepare<Row, SQLQueryBindings[]>(sql);
    this.#statements.push(statement);
    // As one array, which it takes as well: spreading long ones would take longer than binding them.
    return {
      run: (...values) => statement.run(values as never).changes,
      get: (...values) => statement.get(values as never) ?? undefined,
      all: (...values) => statement.all(values as never),
    };
  }

  close(): void {
    // An open statement would keep the file open behind the closed database.
    for (const statement of this.#statements) statement.finalize();
    this.#database.close();
  }
}

/** Where a number turns out to be beyond 2 ** 53, which the binding refuses, it reads the rows once more, with bigints. */
function withBigInts<R>(statement: StatementSync, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_OUT_OF_RANGE") throw error;
  }
  statement.setReadBigInts(true);
  try {
    return withNumbers(read());
  } finally {
    statement.setReadBigInts(false);
  }
}

function withNumbers<R>(rows: R): R {
  for (const row of [rows].flat() as Record<string, unknown>[]) {
    for (const [name, value] of Object.entries(row ?? {})) if (typeof value === "bigint") row[name] = Number(value);
  }
  return rows;
}

class NodeAdapter implements Database {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  prepare(sql: string): Statement {
    const statement = this.#database.prepare(sql);
    return {
      run: (...values: SQLInputValue[]) => Number(statement.run(...values).changes),
      get: (...values: SQLInputValue[]) => withBigInts(statement, () => statement.get(...values) as Row | undefined),
      all: (...values: SQLInputValue[]) => withBigInts(statement, () => statement.all(...values) as Row[]),
    };
  }

  close(): void {
    this.#database.close();
  }
}
