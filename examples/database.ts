/** The database of the examples: the SQLite that the runtime brings along, `bun:sqlite` or `node:sqlite`, behind three methods. */
import process from "node:process";

/** An open database. */
export interface Database extends Disposable {
  /** Runs a statement. */
  run(sql: string, ...values: (string | number)[]): void;
  /** Runs a query. */
  all(sql: string, ...values: (string | number)[]): Record<string, unknown>[];
}

interface Statement {
  run(...values: (string | number)[]): unknown;
  all(...values: (string | number)[]): object[];
}

interface Driver {
  prepare(sql: string): Statement;
  close(): void;
}

type DriverClass = new (filename: string) => Driver;

/** Opens a database; the file is made if it is not there. */
export function openDatabase(filename: string): Database {
  const driver = new (driverClass())(filename);
  driver.prepare("pragma busy_timeout = 5000").all();
  return {
    run: (sql, ...values) => void driver.prepare(sql).run(...values),
    all: (sql, ...values) => driver.prepare(sql).all(...values).map((row) => ({ ...row })),
    [Symbol.dispose]: () => driver.close(),
  };
}

function driverClass(): DriverClass {
  const load = process.getBuiltinModule as (name: string) => Record<string, unknown>;
  return ("Bun" in globalThis ? load("bun:sqlite").Database : load("node:sqlite").DatabaseSync) as DriverClass;
}

if (import.meta.main) {
  using database = openDatabase(":memory:");
  console.log(JSON.stringify(database.all("select 1 as one")));
}

// Output:
// [{"one":1}]
