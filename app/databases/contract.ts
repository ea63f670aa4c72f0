/**
 * What a client library must be able to do for `atomic`.
 * @module
 */

/** The transactions of one client library; handles are known to it only. */
export interface Transactions {
  /** Whether a value is a database of this library. */
  fits(database: object): boolean;
  /** Whether a value is a transaction that was begun elsewhere, whose end nobody would tell us. */
  isTransaction(database: object): boolean;
  /** Whether there is one connection, so that transactions must take turns. */
  isSingle(database: object): boolean;
  /**
   * Runs `work` in a transaction: commits when it resolves, rolls back when it rejects.
   * @returns what `work` resolves to, after the commit
   */
  begin<T>(database: unknown, work: (transaction: unknown) => Promise<T>): Promise<T>;
  /** Runs `work` in a savepoint of a transaction; `name` is new in it. */
  nest<T>(transaction: unknown, name: string, work: (transaction: unknown) => Promise<T>): Promise<T>;
}

/** Whether a value has methods. */
export function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  const object = value as Readonly<Record<string, unknown>> | null | undefined;
  return names.every((name) => typeof object?.[name] === "function");
}

/** Runs one statement. */
export type RunStatement = (sql: string) => unknown;

/** A transaction made of statements, for a handle with one connection. @returns what `work` returns, after the commit */
export async function withStatements<T>(run: RunStatement, begin: string, work: () => Promise<T>): Promise<T> {
  await run(begin);
  return await until(run, { end: "commit", undo: ["rollback"] }, work);
}

/** A savepoint made of statements. @returns what `work` returns, after the release */
export async function withSavepoint<T>(run: RunStatement, name: string, work: () => Promise<T>): Promise<T> {
  await run(`savepoint ${name}`);
  return await until(run, {
    end: `release savepoint ${name}`,
    undo: [`rollback to savepoint ${name}`, `release savepoint ${name}`],
  }, work);
}

async function until<T>(
  run: RunStatement,
  { end, undo }: { end: string; undo: readonly string[] },
  work: () => Promise<T>,
): Promise<T> {
  try {
    const value = await work();
    await run(end);
    return value;
  } catch (error) {
    for (const sql of undo) {
      try {
        await run(sql);
      } catch {
        // After some failures the database has already rolled back; the first error is the one that counts.
        break;
      }
    }
    throw error;
  }
}
