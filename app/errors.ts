/**
 * Errors of applications with a database.
 * @module
 */
import { HueyException } from "../lib/errors.ts";

/**
 * The database of a task could not be opened or closed; `cause` is what was thrown.
 *
 * @example
 * ```ts
 * import { Database, DatabaseError } from "@hueyjs/huey/app";
 *
 * const database = new Database((): object => {
 *   throw new Error("connection refused");
 * }, () => {});
 * await database.use(() => {}).catch((error) => console.log(error instanceof DatabaseError, error.message));
 * // true The database could not be opened: connection refused
 * ```
 */
export class DatabaseError extends HueyException {
  /** Name of the class. */
  override name = "DatabaseError";
}

/**
 * The transaction has committed, but something that was to follow failed; do not repeat the transaction.
 *
 * @example
 * ```ts
 * import { AfterCommitError, atomic, onCommit } from "@hueyjs/huey/app";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const committed = atomic(new DatabaseSync(":memory:"), () => onCommit(() => Promise.reject(new Error("no server"))));
 * await committed.catch((error) => console.log(error instanceof AfterCommitError)); // true
 * ```
 */
export class AfterCommitError extends HueyException {
  /** Name of the class. */
  override name = "AfterCommitError";
  /** What was thrown, one for each that failed. */
  readonly errors: readonly unknown[];

  /**
   * Makes the error.
   *
   * @param errors What was thrown.
   * @param total How many were to follow.
   */
  constructor(errors: readonly unknown[], total: number) {
    const [first] = errors;
    const reason = first instanceof Error ? first.message : String(first);
    super(`The transaction has committed, but ${errors.length} of ${total} tasks could not be enqueued: ${reason}`, {
      cause: first,
    });
    this.errors = errors;
  }
}
