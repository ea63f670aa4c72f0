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

/** How a transaction or a savepoint ends. */
interface Ends {
  readonly commit: () => unknown;
  readonly rollBack: () => unknown;
}

/** Works, and commits; rolls back if something of it fails. @returns what `work` returns, after the commit */
export async function committed<T>({ commit, rollBack }: Ends, work: () => Promise<T>): Promise<T> {
  try {
    const value = await work();
    await commit();
    return value;
  } catch (error) {
    try {
      await rollBack();
    } catch {
      // The connection is gone, and the transaction with it, or the database has rolled back by itself: the first error counts.
    }
    throw error;
  }
}

/** Runs one statement. */
export type RunStatement = (sql: string) => unknown;

/** A transaction made of statements, for a handle with one connection. @returns what `work` returns, after the commit */
export async function withStatements<T>(run: RunStatement, begin: string, work: () => Promise<T>): Promise<T> {
  await run(begin);
  return await committed({ commit: () => run("commit"), rollBack: () => run("rollback") }, work);
}

/** A savepoint made of statements. @returns what `work` returns, after the release */
export async function withSavepoint<T>(run: RunStatement, name: string, work: () => Promise<T>): Promise<T> {
  await run(`savepoint ${name}`);
  const release = (): unknown => run(`release savepoint ${name}`);
  const rollBack = async (): Promise<void> => {
    await run(`rollback to savepoint ${name}`);
    await release();
  };
  return await committed({ commit: release, rollBack }, work);
}
